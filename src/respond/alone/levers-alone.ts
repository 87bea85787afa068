import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { resolveAuthority } from '../../contain/authority/authority.ts'
import { planContainment } from '../../contain/planning/plan.ts'
import { isGated, leversOfProtocol } from '../../contain/planning/protocol-levers.ts'
import { senderOf } from '../../contain/routes/route.ts'
import { CordonError } from '../../kit/error.ts'
import type { Config } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { peopleOf } from '../../model/role.ts'
import type { ChainHandle } from '../context.ts'
import { relatedTo } from '../memory/map-protocol.ts'

/** A lever that might be pulled alone, and our account that would send it; null where there is none. */
export type LeverAlone = { lever: Lever; sender: Address | null }

type Ours = { config: Pick<Config, 'roles'>; signers: readonly Address[] }

const NONE = { incidentId: 'none', attackTransaction: null, attack: null }

/**
 * The plan for a contract now, with no attack to try it on: with its own best lever, otherwise one of its protocol.
 * Sends nothing. Throws `contain.NoLever`, and the errors of the node.
 */
export async function planNow(chain: ChainHandle, target: Address, ours: Ours): Promise<ContainmentPlan> {
  try {
    return (await ownPlans(chain, target, ours)).plan
  } catch (thrown) {
    const [beside] = isNoLever(thrown) ? await plansBeside(chain, target, ours) : []
    if (beside === undefined) throw thrown
    return beside
  }
}

/**
 * Pauses and freezes that may be pulled for a contract: its own, the best first, then those of its protocol. Throws the
 * errors of the node.
 */
export async function leversNow(chain: ChainHandle, target: Address, ours: Ours): Promise<LeverAlone[]> {
  const own = await ownPlans(chain, target, ours).catch((thrown) => {
    if (isNoLever(thrown)) return undefined
    throw thrown
  })
  const others = own?.besides.map(({ lever }) => ({ lever, sender: lever.authority?.address ?? null })) ?? []
  const best = own === undefined ? [] : [own.plan]
  const beside = await plansBeside(chain, target, ours)
  const sent = (plan: ContainmentPlan): LeverAlone => ({ lever: plan.lever, sender: senderOf(plan) })
  return onceEach([...best.map(sent), ...others, ...beside.map(sent)])
}

/**
 * A lever on another contract may be found from the protected one and on that contract itself: the first has more
 * detail.
 */
function onceEach(levers: readonly LeverAlone[]): LeverAlone[] {
  const byId = new Map<string, LeverAlone>()
  for (const one of levers) if (!byId.has(one.lever.id)) byId.set(one.lever.id, one)
  return [...byId.values()]
}

function isNoLever(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.code === 'contain.NoLever'
}

async function ownPlans(
  { rpc, chainId, sequencer }: ChainHandle,
  target: Address,
  { config, signers }: Ours,
) {
  const pinnedBlock = await getBlockNumber(rpc)
  const others = peopleOf(config)
  return planContainment({ rpc, chainId, sequencer, target, pinnedBlock, signers, others, ...NONE })
}

/**
 * Pauses and freezes on the other contracts of its protocol that one of our signers may pull and a stranger may not:
 * where only these stop an attack, they are pulled.
 */
async function plansBeside(
  chain: ChainHandle,
  target: Address,
  { config, signers }: Ours,
): Promise<ContainmentPlan[]> {
  const { rpc, chainId } = chain
  const block = await getBlockNumber(rpc)
  const at = { rpc, chainId, target, block }
  const levers = await leversOfProtocol(at, await relatedTo(chain, at))
  const found: ContainmentPlan[] = []
  for (const lever of levers) {
    if ((lever.kind !== 'pause' && lever.kind !== 'freeze') || !lever.armed || lever.target === target)
      continue
    const resolved = await resolveAuthority(lever, { rpc, block, signers, others: peopleOf(config) })
    const { authority, route } = resolved
    if (authority?.live !== true || !(await isGated(lever, at))) continue
    found.push({
      ...{ id: 'none', incidentId: 'none', attackTransaction: null, purpose: 'contain', executes: null },
      byHand: null,
      ...{ lever: { ...lever, authority }, route, pinnedBlock: block, protects: target },
    })
  }
  return found
}
