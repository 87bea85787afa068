import { approvalTypedData, termsOf } from '../../contain/approval/approval-data.ts'
import { isTruly, rejectionsOf } from '../../contain/approval/approve.ts'
import { installationFor } from '../../contain/approval/standing.ts'
import { caseOf, type Judged, type Judging, ruleOn, verdictOn } from '../../contain/approval/verdict.ts'
import { type OpenedSigner, openSigners } from '../../contain/signers/configured.ts'
import type { Signer } from '../../contain/signers/signer.ts'
import { getIncident } from '../../incidents/move.ts'
import { record } from '../../incidents/record.ts'
import { systemClock } from '../../kit/clock.ts'
import { durationMs } from '../../kit/duration.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { canonicalJson } from '../../kit/json.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import { printable } from '../../kit/text.ts'
import type { ApprovalVerdict } from '../../model/approval.ts'
import { type Approval, type ApprovalTerms, approvalSchema } from '../../model/approval.ts'
import type { Config } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { countLane, insertApproval, listApprovals, lockApprovals } from '../../store/approvals.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { openDatabase } from '../../store/database.ts'
import { findPlan, listActivePlans, listPlans } from '../../store/plans.ts'
import { type Store, transaction } from '../../store/store.ts'

type NewApproval = Omit<Approval, 'givenAt'>

/** A plan that waits for people, with their signatures so far. */
export type OpenPlan = {
  plan: ContainmentPlan
  incident: Incident
  verdict: ApprovalVerdict
  isSent: boolean
}

/** Plans of incidents that are open or contained, newest last. */
export async function openPlans(judging: Judging): Promise<OpenPlan[]> {
  const plans = (await listActivePlans(judging.store)).filter(({ byHand }) => byHand === null)
  return Promise.all(plans.map((plan) => openPlan(judging, plan)))
}

async function openPlan(judging: Judging, plan: ContainmentPlan): Promise<OpenPlan> {
  const incident = await getIncident(judging, plan.incidentId)
  const isSent = (await findBroadcast(judging.store, plan.id)) !== undefined
  return { plan, incident, isSent, verdict: await verdictOn(judging, { plan, incident }) }
}

/** Plans of one incident, oldest first. */
export async function plansOf(judging: Judging, { id }: Incident): Promise<OpenPlan[]> {
  const plans = (await listPlans(judging.store, id)).filter(({ byHand }) => byHand === null)
  return Promise.all(plans.map((plan) => openPlan(judging, plan)))
}

/** One plan. Throws `app.UnknownPlan`. */
export async function planToDecide(judging: Judging, planId: string): Promise<OpenPlan> {
  const plan = await findPlan(judging.store, planId)
  if (plan === undefined) throw unknownPlan(planId)
  return openPlan(judging, plan)
}

export type Wish = {
  decision: ApprovalTerms['decision']
  forText?: string | undefined
  /**
   * The signer: the number follows the last one that it signed about the plan. By default, the last one of any signer.
   */
  as?: Address | undefined
}

/**
 * The terms for a person to sign, valid for the time that the policy allows, or shorter. Throws `app.InvalidDuration`.
 */
export async function termsFor(
  judging: Judging,
  { plan, incident }: OpenPlan,
  { decision, forText, as }: Wish,
): Promise<ApprovalTerms> {
  const { ttl } = ruleOn(judging, { plan, incident })
  const asked = forText === undefined ? durationMs(ttl) : durationMs(forText)
  if (asked === undefined || asked <= 0) throw invalidDuration(forText ?? ttl)
  const ms = Math.min(asked, durationMs(ttl) ?? asked)
  const nonce = await countLane(judging.store, plan.lever, plan.id)
  // One second less: what is signed now arrives a moment later.
  const validUntil = Math.floor((judging.clock.now() + ms) / 1_000) - 1
  const installation = await installationFor(judging.store, incident)
  const sequence = await nextSequence(judging.store, plan.id, as)
  return termsOf(plan, { installation, nonce, sequence, validUntil, decision })
}

/** The next number after all those truly signed about a plan: a number that others make up does not move it. */
async function nextSequence(store: Store, planId: string, as: Address | undefined): Promise<number> {
  let highest = 0
  for (const approval of await listApprovals(store, planId)) {
    if (as !== undefined && approval.signer !== as) continue
    if (approval.sequence > highest && (await isTruly(approval))) highest = approval.sequence
  }
  return highest + 1
}

export type Given = { approval: Approval; verdict: ApprovalVerdict; notCounted: string | null }

/** The decisions of people about plans: in parallel with a running Cordon or without one. */
export type ApprovalDesk = {
  list(): Promise<OpenPlan[]>
  /** A plan, the terms to sign about it, and the EIP-712 message for a wallet. */
  show(planId: string, wish: Wish): Promise<{ open: OpenPlan; terms: ApprovalTerms; typedData: unknown }>
  /** Signs with a signer of the configuration. Throws `app.NoSuchSigner`. */
  sign(planId: string, wish: Wish & { as: Address | undefined }): Promise<Given>
  /** Accepts the terms with `signer` and `signature`, as JSON. Throws `app.UnreadableApproval`. */
  submit(json: string): Promise<Given>
  close(): Promise<void>
}

export type DeskOptions = { config: Config; env: Env; logger: Logger }

/** Opens the record of a configuration. Throws the errors of the store room. */
export async function openApprovalDesk({ config, env, logger }: DeskOptions): Promise<ApprovalDesk> {
  const { store, close } = await openDatabase({ dataDir: config.dataDir, env, logger })
  const judging: Judging = { store, clock: systemClock, config }
  const show: ApprovalDesk['show'] = async (planId, wish) => {
    const open = await planToDecide(judging, planId)
    const terms = await termsFor(judging, open, wish)
    return { open, terms, typedData: approvalTypedData(terms) }
  }
  return {
    list: () => openPlans(judging),
    show,
    async sign(planId, wish) {
      const signer = signerNamed(await openSigners(config, env), wish.as)
      const { terms } = await show(planId, { ...wish, as: signer.address })
      const signature = await signer.signTypedData(approvalTypedData(terms))
      return giveApproval(judging, parseApproval({ ...terms, signer: signer.address, signature }))
    },
    submit: (json) => giveApproval(judging, readApproval(json)),
    close,
  }
}

/** The named signer, or the only one. */
function signerNamed(signers: readonly OpenedSigner[], as: Address | undefined): Signer {
  const found = as === undefined ? signers : signers.filter(({ signer }) => signer.address === as)
  const [only, another] = found
  if (only !== undefined && another === undefined) return only.signer
  throw new CordonError({
    code: 'app.NoSuchSigner',
    message:
      only === undefined
        ? 'The configuration has no such signer.'
        : 'The configuration has several signers: choose one.',
    facts: { as: as ?? 'not given', known: signers.map(({ signer }) => signer.address) },
    fix: 'Name one with --as ADDRESS, or sign in a wallet and use `cordon approvals submit`.',
  })
}

/** A signed approval from outside. Throws `app.UnreadableApproval`. */
export function readApproval(json: string): NewApproval {
  try {
    return parseApproval(JSON.parse(json))
  } catch (thrown) {
    throw new CordonError({
      code: 'app.UnreadableApproval',
      message: 'This is not a signed approval.',
      facts: { because: messageOf(thrown).slice(0, 300) },
      fix: 'Give the `terms` of `cordon approvals show PLAN --json` with `signer` and `signature` added.',
    })
  }
}

function parseApproval(value: unknown): NewApproval {
  return approvalSchema.omit({ givenAt: true }).parse(value)
}

/**
 * Records what a person signed, valid or not, and reports the result: whether it counts, with the reason where it does
 * not, and what is still missing. Only what the signature proves is attributed to its signer. Throws `app.UnknownPlan`.
 */
export async function giveApproval(judging: Judging, given: NewApproval): Promise<Given> {
  const { store, clock } = judging
  const approval = { ...given, givenAt: clock.now() }
  const { plan, incident } = await planToDecide(judging, given.planId)
  const installation = await installationFor(store, incident)
  const isTrue = approval.installation === installation && (await isTruly(approval))
  await transaction(store, async (tx) => {
    // Waits for a signature that is being made on the earlier approvals.
    await lockApprovals(tx, plan.id)
    if (!(await insertApproval(tx, approval, isTrue))) return
    const inside = { store: tx, clock }
    const about = `“${approval.decision}” for plan ${plan.id} (${plan.lever.signature})`
    const until = new Date(approval.validUntil * 1_000).toISOString()
    const message = isTrue
      ? `${approval.signer} signed ${about}, number ${approval.sequence} of what they signed about it, valid until ${until}.`
      : `Somebody gave ${about} in the name of ${approval.signer} without their signature: it does not count.`
    const author = isTrue ? approval.signer : 'cordon'
    const facts = { planId: plan.id, ...(isTrue ? { decision: approval.decision } : {}) }
    const happening = { incidentId: incident.id, kind: 'approval', author, message, facts } as const
    await record(inside, happening, { kind: 'approval', body: { ...approval, isTrue } })
  })
  const verdict = await verdictOn(judging, { plan, incident })
  return { approval, verdict, notCounted: await whyNotCounted(judging, { plan, incident }, approval) }
}

/** Judged together with all other approvals: why this one does not count; null where it does. */
async function whyNotCounted(judging: Judging, judged: Judged, given: Approval): Promise<string | null> {
  const one = await caseOf(judging, judged)
  const kept = one.approvals.find((other) => wordsOf(other) === wordsOf(given))
  const approvals = kept === undefined ? [...one.approvals, given] : one.approvals
  return (await rejectionsOf({ ...one, approvals })).get(kept ?? given) ?? null
}

function wordsOf({ givenAt: _, ...words }: Approval): string {
  return canonicalJson(words)
}

function unknownPlan(planId: string): CordonError {
  return new CordonError({
    code: 'app.UnknownPlan',
    message: 'There is no such plan.',
    facts: { planId: printable(planId, 80) },
    fix: 'List the plans that wait for people: `cordon approvals list`.',
  })
}

function invalidDuration(text: string): CordonError {
  return new CordonError({
    code: 'app.InvalidDuration',
    message: `“${printable(text, 40)}” is not a duration.`,
    fix: 'Give one as 30m, 4h or 1d.',
  })
}
