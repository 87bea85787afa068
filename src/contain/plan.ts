import type { Rpc } from '../chain/rpc/rpc.ts'
import { CordonError } from '../kit/error.ts'
import { sha256 } from '../kit/json.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Lever } from '../model/lever.ts'
import { resolveAuthority } from './authority.ts'
import { discoverLevers } from './discover.ts'

export type PlanOptions = {
  rpc: Rpc
  chainId: number
  incidentId: string
  target: Address
  attackTransaction: Hash | null
  /** The block before the attack (or the latest): levers, authority and simulation are read there. */
  pinnedBlock: number
  signers: readonly Address[]
  others: readonly Address[]
}

/**
 * The plan that can be carried out soonest: a lever that a live signer may pull now, else one that somebody may pull,
 * else one that is already pulled. Planning the same again gives the same plan id.
 * Throws `contain.NoLever` with what was looked at.
 */
export async function planContainment(options: PlanOptions): Promise<ContainmentPlan> {
  const { rpc, chainId, target, pinnedBlock } = options
  const levers = await discoverLevers({ rpc, chainId, target, block: pinnedBlock })
  const resolved = await Promise.all(
    levers.map(async (lever) => {
      const { authority, tried } = await resolveAuthority(lever, { ...options, block: pinnedBlock })
      return { ...lever, authority, evidence: [...lever.evidence, ...tried] }
    }),
  )
  const best = [...resolved].sort((a, b) => usefulness(b) - usefulness(a))[0]
  if (best === undefined) throw noLever(options)
  return {
    id: sha256(`${options.incidentId}:${best.id}`).slice(0, 32),
    incidentId: options.incidentId,
    lever: best,
    pinnedBlock,
    attackTransaction: options.attackTransaction,
    route: { kind: 'direct' },
  }
}

function usefulness({ authority, armed }: Lever): number {
  if (!armed) return 2
  if (authority === null) return 0
  return authority.live && authority.kind === 'eoa' ? 3 : 1
}

function noLever({ target, pinnedBlock }: PlanOptions): CordonError {
  return new CordonError({
    code: 'contain.NoLever',
    message: `${target} offers no pause that Cordon knows.`,
    facts: { target, block: pinnedBlock },
    fix: 'Name the contract that holds the pause in cordon.config.ts (protected[].pausedBy), or act by hand.',
  })
}
