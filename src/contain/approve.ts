import { recoverTypedDataAddress } from 'viem'
import { durationMs } from '../kit/duration.ts'
import type { Approval, ApprovalRule, ApprovalVerdict, Rejected } from '../model/approval.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { Address } from '../model/hex.ts'
import type { RoleId, Roles } from '../model/role.ts'
import { roleIds } from '../model/role.ts'
import { approvalTypedData, termsOf } from './approval-data.ts'

export type ApprovalCase = {
  plan: ContainmentPlan
  /** In the order in which they came. */
  approvals: readonly Approval[]
  rule: ApprovalRule
  roles: Roles
  /** Calls that other plans have sent on the plan's lane. */
  laneNonce: number
  /** Seconds since the epoch. */
  now: number
}

/**
 * Counts approvals of one plan: each must be over this very call, on this chain, this lane and its present nonce, in
 * force, not withdrawn, and truly signed by a person whom the configuration names in a role that counts, today. What is
 * not counted is told with its reason. A refusal of one entitled person refuses, unless the quorum was there before.
 */
export async function judgeApprovals(one: ApprovalCase): Promise<ApprovalVerdict> {
  const rejected: Rejected[] = []
  const good: Approval[] = []
  for (const approval of one.approvals) {
    const reason = await rejectionOf(approval, one)
    if (reason === undefined) good.push(approval)
    else rejected.push({ signer: approval.signer, reason })
  }
  const standing = new Map<Address, Approval>()
  for (const approval of good) {
    const { signer, decision } = approval
    if (decision === 'refuse' && !isMet(one, [...standing.keys()]))
      return { state: 'refused', by: signer, rejected }
    if (decision === 'revoke') standing.delete(signer)
    if (decision === 'approve') standing.set(signer, approval)
  }
  const by = [...standing.keys()]
  if (isMet(one, by)) return { state: 'approved', by, rejected }
  return { state: 'waiting', missing: missingOf(one, by), rejected }
}

/** Why an approval does not count, or undefined. A refusal or a withdrawal counts for as long as it is a true one. */
async function rejectionOf(approval: Approval, one: ApprovalCase): Promise<string | undefined> {
  const { plan, rule, roles, laneNonce, now } = one
  const { signer, signature, givenAt, decision, nonce, validUntil, ...words } = approval
  const expected = termsOf(plan, { nonce, validUntil, decision })
  if (words.planId !== expected.planId) return `it is for plan ${words.planId}`
  if (words.chainId !== expected.chainId)
    return `it is for chain ${words.chainId}, the plan for chain ${expected.chainId}`
  if (words.target !== expected.target) return `it names the target ${words.target}`
  if (words.calldata !== expected.calldata) return 'its calldata is not the plan’s'
  if (words.authority !== expected.authority) return `it is for a call in the name of ${words.authority}`
  if (words.lane !== expected.lane) return `it is for lane ${words.lane}`
  if (nonce !== laneNonce)
    return `it is for call ${nonce} on this lane, and the lane is at ${laneNonce}: it cannot be used again`
  if (rolesOf(signer, roles).length === 0) return `${signer} is in no role of the configuration (any more)`
  if (!rolesOf(signer, roles).some((role) => rule.require.some((item) => item.roles.includes(role))))
    return `${signer} is in none of the roles that decide this`
  if (decision === 'approve') {
    if (now >= validUntil) return `it expired at ${new Date(validUntil * 1_000).toISOString()}`
    const longest = Math.floor((givenAt + (durationMs(rule.ttl) ?? 0)) / 1_000)
    if (validUntil > longest) return `it is valid for longer than ${rule.ttl}, which the policy allows`
  }
  const recovered = await recoverTypedDataAddress({
    ...approvalTypedData({ ...words, nonce, validUntil, decision }),
    signature,
  }).catch(() => undefined)
  return recovered?.toLowerCase() === signer ? undefined : `its signature is not ${signer}’s over these terms`
}

function rolesOf(signer: Address, roles: Roles): RoleId[] {
  return roleIds.filter((role) => roles[role]?.some(({ address }) => address === signer))
}

/** Whether different people fill every place that the rule asks for. */
function isMet({ rule, roles }: ApprovalCase, people: readonly Address[]): boolean {
  const places = rule.require.flatMap(({ roles: wanted, quorum }) =>
    Array.from({ length: quorum }, () => people.filter((who) => isIn(who, wanted, roles))),
  )
  return canFill(places)
}

/** A matching of places to people (augmenting paths): at most a hundred places. */
function canFill(places: readonly (readonly Address[])[]): boolean {
  const holder = new Map<Address, number>()
  const seat = (place: number, seen: Set<Address>): boolean => {
    for (const who of places[place] ?? []) {
      if (seen.has(who)) continue
      seen.add(who)
      const other = holder.get(who)
      if (other !== undefined && !seat(other, seen)) continue
      holder.set(who, place)
      return true
    }
    return false
  }
  return places.every((_, place) => seat(place, new Set()))
}

function isIn(who: Address, wanted: readonly RoleId[], roles: Roles): boolean {
  return rolesOf(who, roles).some((role) => wanted.includes(role))
}

function missingOf({ rule, roles }: ApprovalCase, people: readonly Address[]): string[] {
  return rule.require.map(({ roles: wanted, quorum }) => {
    const have = people.filter((who) => isIn(who, wanted, roles)).length
    return `${Math.min(have, quorum)} of ${quorum} from ${wanted.join(', ')}`
  })
}
