import { kindsOf } from '../../contain/planning/protocol-kinds.ts'
import { resolveCode } from '../../contain/reading/code.ts'
import type { Incident } from '../../model/incident.ts'
import { attackedKinds, type ProtocolKind } from '../../model/protocol-kind.ts'
import type { App, ChainHandle } from '../context.ts'

/**
 * Determines the kinds of each protected contract, once, as soon as the chain answers; a contract without code is
 * checked again.
 */
export async function recogniseKinds(
  { config }: App,
  { chainId, rpc, engine, protocol }: ChainHandle,
): Promise<void> {
  const { scope } = engine
  if (scope.kind !== 'contracts') return
  for (const address of scope.addresses) {
    if (protocol.kinds.has(address)) continue
    const given = config.protect.find(
      (one) => one.address === address && (one.chainId ?? chainId) === chainId,
    )?.kind
    if (given !== undefined) {
      protocol.kinds.set(address, [given])
      continue
    }
    const code = await resolveCode(rpc, address, 'latest')
    if (code.bytecode !== '0x') protocol.kinds.set(address, kindsOf(code.selectors))
  }
}

/** The kinds by which an incident's playbook is chosen. */
export function kindsAttacked(
  { chains }: Pick<App, 'chains'>,
  incident: Pick<Incident, 'chainId' | 'protected'>,
  categories: readonly string[],
): readonly ProtocolKind[] {
  const kinds = chains.get(incident.chainId)?.protocol.kinds
  return attackedKinds(
    [...new Set(incident.protected.flatMap((address) => kinds?.get(address) ?? []))],
    categories,
  )
}
