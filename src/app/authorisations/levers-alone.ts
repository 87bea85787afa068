import { resolveAuthority } from '../../contain/authority.ts'
import { isGated, leversOfProtocol } from '../../contain/protocol-levers.ts'
import { senderOf } from '../../contain/route.ts'
import { CordonError } from '../../kit/error.ts'
import type { Address } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { peopleOf } from '../actions/work.ts'
import type { Config } from '../config/schema.ts'
import type { ChainHandle } from '../context.ts'
import { relatedTo } from '../watch/map-protocol.ts'
import { planNow } from './alone.ts'

/** A lever that might be pulled alone, and who of ours would send it; null where nobody does. */
export type LeverAlone = { lever: Lever; sender: Address | null }

type Ours = { config: Pick<Config, 'roles'>; signers: readonly Address[] }

/** Pauses and freezes of a protected contract itself, the best first; none where it has none. Throws what the node throws. */
export async function leversNow(chain: ChainHandle, target: Address, ours: Ours): Promise<LeverAlone[]> {
  try {
    const { plan, besides } = await planNow(chain, target, ours)
    const others = besides.map(({ lever }) => ({ lever, sender: lever.authority?.address ?? null }))
    return [{ lever: plan.lever, sender: senderOf(plan) }, ...others]
  } catch (thrown) {
    if (thrown instanceof CordonError && thrown.code === 'contain.NoLever') return []
    throw thrown
  }
}

/**
 * Pauses and freezes on the other contracts of its protocol that a signer of ours may pull and a stranger may not: where an attack
 * is stopped by them alone, they are pulled. Throws what the node throws.
 */
export async function leversBeside(
  chain: ChainHandle,
  target: Address,
  { config, signers }: Ours,
): Promise<LeverAlone[]> {
  const { rpc, chainId } = chain
  const block = Number(await rpc.request('eth_blockNumber', []))
  const at = { rpc, chainId, target, block }
  const levers = await leversOfProtocol(at, await relatedTo(chain, at))
  const found: LeverAlone[] = []
  for (const lever of levers) {
    if ((lever.kind !== 'pause' && lever.kind !== 'freeze') || !lever.armed) continue
    const resolved = await resolveAuthority(lever, { rpc, block, signers, others: peopleOf(config) })
    const { authority, route } = resolved
    if (authority?.live !== true || !(await isGated(lever, at))) continue
    found.push({
      lever: { ...lever, authority },
      sender: senderOf({ lever: { ...lever, authority }, route }),
    })
  }
  return found
}
