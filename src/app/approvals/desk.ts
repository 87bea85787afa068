import { approvalTypedData, termsOf } from '../../contain/approval-data.ts'
import type { Signer } from '../../contain/signer.ts'
import { note } from '../../incidents/context.ts'
import { appendEvidence } from '../../incidents/ledger.ts'
import { getIncident } from '../../incidents/move.ts'
import { systemClock } from '../../kit/clock.ts'
import { durationMs } from '../../kit/duration.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { printable } from '../../kit/text.ts'
import type { ApprovalVerdict } from '../../model/approval.ts'
import { type Approval, type ApprovalTerms, approvalSchema } from '../../model/approval.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { countLane, insertApproval } from '../../store/approvals.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findPlan, listActivePlans, listPlans } from '../../store/plans.ts'
import { transaction } from '../../store/store.ts'
import type { Config } from '../config/schema.ts'
import { openDatabase } from '../database.ts'
import { type Env, type OpenedSigner, openSigners } from '../signers.ts'
import { type Judging, ruleOn, verdictOn } from './verdict.ts'

type NewApproval = Omit<Approval, 'givenAt'>

/** A plan that waits for people, with what they have signed so far. */
export type OpenPlan = {
  plan: ContainmentPlan
  incident: Incident
  verdict: ApprovalVerdict
  isSent: boolean
}

/** Plans of incidents that are open or contained, newest last. */
export async function openPlans(judging: Judging): Promise<OpenPlan[]> {
  const plans = await listActivePlans(judging.store)
  return Promise.all(plans.map((plan) => openPlan(judging, plan)))
}

async function openPlan(judging: Judging, plan: ContainmentPlan): Promise<OpenPlan> {
  const incident = await getIncident(judging, plan.incidentId)
  const isSent = (await findBroadcast(judging.store, plan.id)) !== undefined
  return { plan, incident, isSent, verdict: await verdictOn(judging, { plan, incident }) }
}

/** Plans of one incident, oldest first. */
export async function plansOf(judging: Judging, { id }: Incident): Promise<OpenPlan[]> {
  const plans = await listPlans(judging.store, id)
  return Promise.all(plans.map((plan) => openPlan(judging, plan)))
}

/** One plan. Throws `app.UnknownPlan`. */
export async function planToDecide(judging: Judging, planId: string): Promise<OpenPlan> {
  const plan = await findPlan(judging.store, planId)
  if (plan === undefined) throw unknownPlan(planId)
  return openPlan(judging, plan)
}

export type Wish = { decision: ApprovalTerms['decision']; forText?: string | undefined }

/** What a person would sign: for as long as the policy allows, or shorter. Throws `app.InvalidDuration`. */
export async function termsFor(
  judging: Judging,
  { plan, incident }: OpenPlan,
  { decision, forText }: Wish,
): Promise<ApprovalTerms> {
  const { ttl } = ruleOn(judging, { plan, incident })
  const asked = forText === undefined ? durationMs(ttl) : durationMs(forText)
  if (asked === undefined || asked <= 0) throw invalidDuration(forText ?? ttl)
  const ms = Math.min(asked, durationMs(ttl) ?? asked)
  const nonce = await countLane(judging.store, plan.lever, plan.id)
  // a second short: what is signed now arrives a moment later
  const validUntil = Math.floor((judging.clock.now() + ms) / 1_000) - 1
  return termsOf(plan, { nonce, validUntil, decision })
}

export type Given = { approval: Approval; verdict: ApprovalVerdict; notCounted: string | null }

/** What people decide about plans: beside a running Cordon or without one. */
export type ApprovalDesk = {
  list(): Promise<OpenPlan[]>
  /** A plan, what one would sign about it, and the EIP-712 message for a wallet. */
  show(planId: string, wish: Wish): Promise<{ open: OpenPlan; terms: ApprovalTerms; typedData: unknown }>
  /** Signs with a signer of the configuration. Throws `app.NoSuchSigner`. */
  sign(planId: string, wish: Wish & { as: Address | undefined }): Promise<Given>
  /** Takes the terms with `signer` and `signature`, as JSON. Throws `app.UnreadableApproval`. */
  submit(json: string): Promise<Given>
  close(): Promise<void>
}

export type DeskOptions = { config: Config; env: Env; logger: Logger }

/** Opens the record of a configuration. Throws what the store room throws. */
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
      const { terms } = await show(planId, wish)
      const signature = await signer.signTypedData(approvalTypedData(terms))
      return giveApproval(judging, parseApproval({ ...terms, signer: signer.address, signature }))
    },
    submit: (json) => giveApproval(judging, readApproval(json)),
    close,
  }
}

/** The one that is named, or the only one. */
function signerNamed(signers: readonly OpenedSigner[], as: Address | undefined): Signer {
  const found = as === undefined ? signers : signers.filter(({ signer }) => signer.address === as)
  const [only, another] = found
  if (only !== undefined && another === undefined) return only.signer
  throw new CordonError({
    code: 'app.NoSuchSigner',
    message:
      only === undefined
        ? 'The configuration has no such signer.'
        : 'The configuration has several signers: say which of them signs.',
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
      message: 'This is no signed approval.',
      facts: { because: messageOf(thrown).slice(0, 300) },
      fix: 'Give the `terms` of `cordon approvals show PLAN --json` with `signer` and `signature` added.',
    })
  }
}

function parseApproval(value: unknown): NewApproval {
  return approvalSchema.omit({ givenAt: true }).parse(value)
}

/**
 * Puts what a person signed on record, whatever it is worth, and says what it came to: whether it counts, with the reason
 * where it does not, and what is missing still. Throws `app.UnknownPlan`.
 */
export async function giveApproval(judging: Judging, given: NewApproval): Promise<Given> {
  const { store, clock } = judging
  const approval = { ...given, givenAt: clock.now() }
  const { plan, incident } = await planToDecide(judging, given.planId)
  await transaction(store, async (tx) => {
    if (!(await insertApproval(tx, approval))) return
    const inside = { store: tx, clock }
    const message = `${approval.signer} signed “${approval.decision}” for plan ${plan.id} (${plan.lever.signature}), valid until ${new Date(approval.validUntil * 1_000).toISOString()}.`
    const { signer: author } = approval
    const facts = { planId: plan.id, decision: approval.decision }
    await note(inside, { incidentId: incident.id, kind: 'approval', author, message, facts })
    await appendEvidence(inside, { incidentId: incident.id, kind: 'approval', body: approval })
  })
  const verdict = await verdictOn(judging, { plan, incident })
  const mine = verdict.rejected.findLast(({ signer }) => signer === approval.signer)
  const counts = verdict.state !== 'waiting' && [verdict.by].flat().includes(approval.signer)
  return { approval, verdict, notCounted: counts ? null : (mine?.reason ?? null) }
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
