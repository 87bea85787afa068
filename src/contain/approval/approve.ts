import { durationMs } from '../../kit/duration.ts'
import type { Approval, ApprovalRule, ApprovalVerdict, Rejected } from '../../model/approval.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { RoleId, Roles } from '../../model/role.ts'
import { roleIds } from '../../model/role.ts'
import { typedDataHash } from '../signers/signer.ts'
import { approvalTypedData, termsOf } from './approval-data.ts'
import { isCanonical, isSignedBy } from './canonical.ts'
import { otherInstallation } from './domain.ts'

export type ApprovalCase = {
  plan: ContainmentPlan
  /** The installation that the plans belong to; null in a drill. */
  installation: string | null
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
 * Counts the approvals of one plan. Each must be over exactly this call, on this chain, with the present nonce of this
 * lane, in force, the latest of its signer, and validly signed by a person whom the configuration at present names in a
 * role that counts. Approvals that do not count are reported with the reason. A refusal by one entitled person refuses,
 * unless the quorum was reached before.
 */
export async function judgeApprovals(one: ApprovalCase): Promise<ApprovalVerdict> {
  const reasons = await rejectionsOf(one)
  const rejected = [...reasons].map(([{ signer }, reason]): Rejected => ({ signer, reason }))
  const good = one.approvals.filter((approval) => !reasons.has(approval))
  const standing = new Map<Address, Approval>()
  for (const approval of good) {
    const { signer, decision } = approval
    if (decision === 'refuse' && !isMet(one, [...standing.keys()]))
      return { state: 'refused', by: signer, rejected }
    if (decision === 'approve') standing.set(signer, approval)
  }
  const by = [...standing.keys()]
  if (isMet(one, by)) return { state: 'approved', by, rejected }
  return { state: 'waiting', missing: missingOf(one, by), rejected }
}

/** The signed statements that do not count, each with its reason. */
export async function rejectionsOf(one: ApprovalCase): Promise<ReadonlyMap<Approval, string>> {
  const reasons = new Map<Approval, string>()
  const signed: Approval[] = []
  for (const approval of one.approvals) {
    const reason = await forgeryOf(approval, one)
    if (reason === undefined) signed.push(approval)
    else reasons.set(approval, reason)
  }
  const latest = latestOf(signed)
  for (const approval of signed) {
    const newest = latest.get(approval.signer) ?? approval
    const reason = newest === approval ? rejectionOf(approval, one) : supersededBy(approval, newest)
    if (reason !== undefined) reasons.set(approval, reason)
  }
  return reasons
}

/** By signer, the statement with the highest sequence; where two have the same, the earlier one. */
function latestOf(signed: readonly Approval[]): ReadonlyMap<Address, Approval> {
  const latest = new Map<Address, Approval>()
  for (const approval of signed) {
    const before = latest.get(approval.signer)
    if (before === undefined || approval.sequence > before.sequence) latest.set(approval.signer, approval)
  }
  return latest
}

function supersededBy({ sequence }: Approval, newest: Approval): string {
  return `it is number ${sequence} of what its signer signed about this plan, and number ${newest.sequence} (${newest.decision}) holds`
}

/** Whether the signature is valid for this installation, whatever the plan. */
export async function isTruly({ signature, signer, givenAt: _, ...terms }: Approval): Promise<boolean> {
  return isSignedBy(signer, typedDataHash(approvalTypedData(terms)), signature)
}

/** Why a statement does not come from its signer, or undefined. */
async function forgeryOf(
  approval: Approval,
  { plan, installation }: ApprovalCase,
): Promise<string | undefined> {
  if (approval.planId !== plan.id) return `it is for plan ${approval.planId}`
  const again = `cordon approvals sign ${plan.id}`
  const other = otherInstallation({ named: approval.installation, installation }, again)
  if (other !== undefined) return other
  if (!isCanonical(approval.signature))
    return 'its signature is not in the canonical form (low s), which everybody’s wallet gives: it was altered'
  if (await isTruly(approval)) return undefined
  return `its signature is not ${approval.signer}’s over these terms`
}

/** Why a validly signed statement does not count, or undefined. A refusal or a withdrawal counts while it is valid. */
function rejectionOf(approval: Approval, one: ApprovalCase): string | undefined {
  const { plan, rule, roles, laneNonce, now } = one
  const { signer, givenAt, ...words } = approval
  const { decision, nonce, validUntil } = words
  const expected = termsOf(plan, words)
  if (words.chainId !== expected.chainId)
    return `it is for chain ${words.chainId}, the plan for chain ${expected.chainId}`
  if (words.target !== expected.target) return `it names the target ${words.target}`
  if (words.calldata !== expected.calldata) return 'its calldata is not the plan’s'
  if (words.authority !== expected.authority) return `it is for a call in the name of ${words.authority}`
  if (words.lane !== expected.lane) return `it is for lane ${words.lane}`
  if (words.sequence < 1)
    return 'it has no sequence number: the first that one signs about a plan is number 1'
  if (nonce !== laneNonce)
    return `it is for call ${nonce} on this lane, and the lane is at ${laneNonce}: it cannot be used again`
  if (rolesOf(signer, roles).length === 0) return `${signer} is in no role of the configuration (any more)`
  if (!rolesOf(signer, roles).some((role) => rule.require.some((item) => item.roles.includes(role))))
    return `${signer} is in none of the roles that decide this`
  if (decision !== 'approve') return undefined
  if (now >= validUntil) return `it expired at ${new Date(validUntil * 1_000).toISOString()}`
  const longest = Math.floor((givenAt + (durationMs(rule.ttl) ?? 0)) / 1_000)
  if (validUntil > longest) return `it is valid for longer than ${rule.ttl}, which the policy allows`
  return undefined
}

function rolesOf(signer: Address, roles: Roles): RoleId[] {
  return roleIds.filter((role) => roles[role]?.some(({ address }) => address === signer))
}

/** Whether different people fill every place that the rule requires. */
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
