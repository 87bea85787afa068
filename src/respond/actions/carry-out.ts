import { z } from 'zod'
import { required } from '../../chain/methods/answer.ts'
import { estimateGas } from '../../chain/methods/estimate-gas.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { type Ground, permitNow } from '../../contain/approval/permit.ts'
import { isScheduling, nextStep, readyAtOf } from '../../contain/routes/route.ts'
import {
  type BroadcastContext,
  type Permit,
  type Signed,
  sendBroadcast,
  signPlan,
} from '../../contain/sending/broadcast.ts'
import { confirmBroadcast } from '../../contain/sending/confirm.ts'
import { secondOpinion } from '../../contain/sending/second-opinion.ts'
import { trialOf } from '../../contain/trials/attack-trial.ts'
import { verifyPlan } from '../../contain/trials/verify.ts'
import { assert } from '../../kit/assert.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { sha256, toJson } from '../../kit/json.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { type Address, addressSchema } from '../../model/hex.ts'
import { safeCallSchema } from '../../model/safe.ts'
import { minedText, verifiedText } from '../../reports/step-text.ts'
import { authorisationOf } from '../../store/authorisations.ts'
import { findBroadcast, moveBroadcast } from '../../store/broadcasts.ts'
import { insertPlan, insertVerification } from '../../store/plans.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { type Store, transaction } from '../../store/store.ts'
import { shortCall } from '../../words/call.ts'
import type { App } from '../context.ts'
import { pageByHand } from './by-hand.ts'
import { recordStep } from './record-step.ts'
import { type ContainOutcome, type Planned, patiently, type Work } from './work.ts'

export type Signing = { plan: ContainmentPlan; simulation: Simulation; ground: Ground }
export type Sent = Planned & Signing & { broadcast: Broadcast }
/** `refused`: signing was no longer allowed at that moment; nothing was signed, or what was signed was not sent. */
export type Sending = { kind: 'sent'; broadcast: Broadcast } | { kind: 'refused'; reasons: readonly string[] }

/** The time to wait for the chain before the step is tried again; the transaction stays pending meanwhile. */
const CONFIRM = { timeoutMs: 120_000, pollMs: 50 }
/**
 * A block that leaves the transaction out may have been full, or made before it arrived; a second means that it pays
 * too little.
 */
export const REPLACE_AFTER_BLOCKS = 2
/** Polls the chain until it shows the promised state, about 10 s: the node that answers may lag. */
const VERIFY = { looks: 10, waitMs: 1_000 }

/**
 * Builds the call of the plan's route, then signs, stores and sends it, as durable steps: the transaction is stored
 * before anyone sees it, so it is sent again, never signed again. The permission to sign is checked at that moment,
 * whatever was decided before.
 */
export async function signAndSend(work: Work, { plan, simulation, ground }: Signing): Promise<Sending> {
  const { app, chain, context } = work
  const step = await stepOf(work, plan)
  const { to, signer, fees } = meansOf(work, step.from)
  // The watcher looks after every transaction that no step waits for: this one is waited for until `confirmAndVerify`
  // ends.
  app.containing.add(plan.id)
  try {
    const result = await context.durable(`sign:${plan.id}`, () =>
      patiently(app, async (): Promise<Signed> => {
        const doubt = await doubtAbout(work, { plan, ground })
        if (doubt !== null) return { refused: [doubt] }
        const isDirect = plan.route.kind === 'direct'
        const gasUsed = isDirect ? simulation.gasUsed : await gasOf(chain.rpc, step)
        const permit = (tx: Store): Promise<Permit> => permitNow(app, tx, { plan, ground })
        return signPlan(plan, { signer, call: step.call, gasUsed, fees, permit }, to)
      }),
    )
    // Immediately, not after the wait; the transaction is still sent, because the base fee may fall.
    if ('lowCap' in result && result.lowCap !== undefined)
      await pageByHand(work, { plan, title: 'The fee cap is too low', reasons: [result.lowCap] })
    const sending = 'signed' in result ? await send(work, { plan, step, ground, ...result }) : result
    if ('broadcast' in sending) return { kind: 'sent', broadcast: sending.broadcast }
    app.containing.delete(plan.id)
    return { kind: 'refused', reasons: sending.refused }
  } catch (thrown) {
    app.containing.delete(plan.id)
    throw thrown
  }
}

/**
 * Why an action rests on one endpoint alone; null where it does not, or where there is only one. A plan that people
 * approved continues: a lying endpoint must not stop it, and the people are notified.
 */
async function doubtAbout(
  { app, chain, context, attack }: Work,
  { plan, ground }: Pick<Signing, 'plan' | 'ground'>,
): Promise<string | null> {
  if ((await findBroadcast(app.store, plan.id)) !== undefined || chain.rpc.endpoints.length < 2) return null
  const isMined = attack.hash !== null && attack.outbid === null
  const grounds = {
    block: attack.pinnedBlock,
    attack: isMined ? attack.hash : null,
    state: plan.lever.state,
  }
  const opinion = await secondOpinion(chain.rpc, grounds, app.clock)
  if (opinion.kind === 'confirmed') return null
  const isDoubt = opinion.kind === 'disputed' && ground.kind === 'authorised'
  if (isDoubt) return opinion.text
  const message = `Signed without a second endpoint that shows the same: ${opinion.text}.`
  await recordStep(app, context, {
    kind: 'decision',
    message,
    evidence: { kind: 'second-opinion', body: { planId: plan.id, opinion } },
  })
  return null
}

type Sendable = Pick<Signing, 'plan' | 'ground'> & { step: Step; signed: Broadcast }

async function send(
  work: Work,
  { plan, step, signed, ground }: Sendable,
): Promise<{ broadcast: Broadcast } | { refused: readonly string[] }> {
  const { app, context } = work
  const { to } = meansOf(work, step.from)
  return context.durable(`send:${plan.id}`, async () => {
    const refused = await withdrawnSince(app, { plan, ground })
    if (refused !== null) return { refused }
    const { broadcast, trouble } = await sentOrHeld(signed, to)
    const word = trouble === null ? 'Sent' : `Not taken yet (${trouble}), and sent again until it is:`
    const what = step.does === 'schedule' ? 'the schedule of ' : ''
    const authorisation = await authorisationOf(app.store, plan.id)
    const under = typeof authorisation === 'string' ? `, under authorisation ${authorisation}` : ''
    const message = `${word} ${what}${plan.lever.signature} as ${broadcast.transactionHash} from ${broadcast.from} (nonce ${broadcast.nonce})${under}.`
    await recordStep(app, context, {
      kind: 'broadcast',
      message,
      facts: {
        planId: plan.id,
        call: shortCall(plan.lever.signature),
        state: trouble === null ? 'sent' : 'held',
      },
      evidence: { kind: 'broadcast', body: broadcast },
    })
    return { broadcast }
  })
}

/**
 * Gives up a transaction that was signed and never sent, where its ground ended meanwhile. Returns why; null where it
 * may be sent.
 */
export async function withdrawnSince(
  app: App,
  { plan, ground }: Pick<Signing, 'plan' | 'ground'>,
): Promise<readonly string[] | null> {
  return transaction(app.store, async (tx) => {
    const standing = await findBroadcast(tx, plan.id)
    if (standing?.state === 'abandoned') return ['it was given up before it was sent']
    if (standing?.state !== 'signed') return null
    const permission = await permitNow(app, tx, { plan, ground: await signedOn(tx, plan, ground) })
    if (permission.allowed) return null
    await moveBroadcast(tx, { planId: plan.id, to: 'abandoned' })
    return permission.reasons
  })
}

/** The ground of a signed plan: the very authorisation that was counted for it. */
async function signedOn(store: Store, plan: ContainmentPlan, ground: Ground): Promise<Ground> {
  const hash = ground.kind === 'authorised' ? await authorisationOf(store, plan.id) : undefined
  return typeof hash === 'string' ? { kind: 'authorised', hash } : ground
}

/** Errors that `confirmBroadcast` overcomes: a node that is away, a nonce that is used, a fee that is too low. */
const PASSING = /nonce too low|underpriced|already known/i

async function sentOrHeld(
  signed: Broadcast,
  to: BroadcastContext,
): Promise<{ broadcast: Broadcast; trouble: string | null }> {
  try {
    return { broadcast: await sendBroadcast(signed, to), trouble: null }
  } catch (thrown) {
    const isRefused = thrown instanceof CordonError && thrown.code === 'chain.RpcRefused'
    if (isRefused && !PASSING.test(messageOf(thrown))) throw thrown
    return { broadcast: signed, trouble: messageOf(thrown) }
  }
}

const stepSchema = safeCallSchema
  .extend({ from: addressSchema, does: z.enum(['pull', 'schedule']) })
  .transform(({ from, does, ...call }) => ({ from, does, call }))
type Step = z.infer<typeof stepSchema>

/** The call to send for a plan, decided once: after a crash the same call is signed. */
async function stepOf({ app, chain, context }: Work, plan: ContainmentPlan): Promise<Step> {
  const json = await context.durable(`route:${plan.id}`, async () => {
    const { rpc, chainId } = chain
    const presigned = () => listSafeSignatures(app.store, chainId)
    const now = () => chainTime(rpc)
    const step = await patiently(app, () => nextStep(plan, { rpc, signers: app.signers, presigned, now }))
    // A call that waits was scheduled before: a second schedule would only restart the delay.
    if (step.does === 'wait') throw stillWaiting(plan, step.readyAt)
    const { call, from, does } = step
    return toJson({ ...call, from, does })
  })
  return stepSchema.parse(JSON.parse(json))
}

/** The time of the latest block, seconds since the epoch: delays run by the chain's clock. */
async function chainTime(rpc: Rpc): Promise<number> {
  return required((await getBlock(rpc, 'latest'))?.timestamp, 'block.timestamp')
}

/** A Safe, a role and a timelock cost more gas than the lever alone. */
async function gasOf(rpc: Rpc, { from, call }: Step): Promise<number> {
  const { to, data, value } = call
  return Number(await estimateGas(rpc, { from, to, data, value }))
}

function stillWaiting({ id, lever }: ContainmentPlan, readyAt: number): CordonError {
  const at = new Date(readyAt * 1_000).toISOString()
  return new CordonError({
    code: 'contain.NotReady',
    message: `${lever.signature} of ${lever.target} is scheduled and cannot be executed before ${at}.`,
    facts: { plan: id, target: lever.target, readyAt: at },
    fix: 'Wait for that time, then run the step again; the delay is the chain’s.',
    retryable: true,
  })
}

/** Waits for the chain and checks whether the lever holds, by a repeat of what the plan promised to stop. */
export async function confirmAndVerify(work: Work, sent: Sent): Promise<ContainOutcome> {
  const { app, context } = work
  const { plan } = sent
  app.containing.add(plan.id)
  try {
    const broadcast = await confirm(work, sent)
    if (isScheduling(plan, broadcast.rawTransaction)) return await afterDelay(work, { ...sent, broadcast })
    const verification = await context.durable(`verify:${plan.id}`, () =>
      patiently(app, () => verifyIt(work, { ...sent, broadcast })),
    )
    crashPoint('contain.verified')
    return outcomeOf(work, { plan, broadcast, verification })
  } finally {
    app.containing.delete(plan.id)
  }
}

type Done = { plan: ContainmentPlan; broadcast: Broadcast; verification: Verification }

function outcomeOf({ target }: Work, { plan, broadcast, verification }: Done): ContainOutcome {
  return {
    target,
    planId: plan.id,
    transactionHash: broadcast.transactionHash,
    outcome: !verification.verified ? 'not-verified' : plan.purpose === 'contain' ? 'contained' : 'reopened',
    reasons: verification.checks
      .filter((check) => !check.passed)
      .map((check) => `${check.check}: ${check.detail}`),
  }
}

/**
 * The longest delay of the chain that a run waits for; a longer one is reported, and the run continues without it.
 * Seconds.
 */
const MOST_WAIT = 900

/**
 * Executes a scheduled call once its delay is over, as a plan of its own; where that is far off, reports the time to
 * people.
 */
async function afterDelay(work: Work, sent: Sent): Promise<ContainOutcome> {
  const { app, chain, context, target } = work
  const { plan } = sent
  const { readyAt, now } = await context.durable(`ready:${plan.id}`, async () => {
    const now = await chainTime(chain.rpc)
    const at = await readyAtOf(plan, chain.rpc)
    const when =
      at === null ? 'which nobody can tell: it is not scheduled' : new Date(at * 1_000).toISOString()
    const message = `Scheduled ${plan.lever.signature} of ${app.names.get(target) ?? target}; it can be executed at ${when}. Nothing is stopped until then.`
    await recordStep(app, context, {
      kind: 'plan',
      message,
      evidence: { kind: 'plan-scheduled', body: { planId: plan.id, readyAt: at } },
    })
    return { readyAt: at, now }
  })
  const base = { target, planId: plan.id, transactionHash: sent.broadcast.transactionHash }
  if (readyAt === null) return { ...base, outcome: 'not-verified', reasons: ['it was not scheduled'] }
  const seconds = readyAt - now
  const reasons = [`it can be executed at ${new Date(readyAt * 1_000).toISOString()}`]
  if (seconds > MOST_WAIT) return { ...base, outcome: 'scheduled', reasons }
  await context.sleep(Math.max(0, seconds) * 1_000)
  const execution = { ...plan, id: sha256(`${plan.id}:execute`).slice(0, 32), executes: plan.id }
  await context.durable(`execution:${plan.id}`, () => insertPlan(app.store, execution))
  await context.durable(`blocks:${plan.id}`, () => reached(work, readyAt))
  const sending = await signAndSend(work, { ...sent, plan: execution })
  if (sending.kind === 'refused') {
    const title = 'Scheduled, and not executed'
    await pageByHand(work, { plan: execution, title, reasons: sending.reasons })
    return { ...base, outcome: 'scheduled', reasons: [...sending.reasons] }
  }
  return confirmAndVerify(work, { ...sent, plan: execution, broadcast: sending.broadcast })
}

/** Waits until the chain has a block of that time: its clock is not ours. */
async function reached({ app, chain }: Work, readyAt: number): Promise<void> {
  const until = app.clock.now() + CONFIRM.timeoutMs
  while ((await chainTime(chain.rpc)) < readyAt && app.clock.now() < until)
    await app.clock.sleep(CONFIRM.pollMs)
}

function meansOf({ app, chain, attack }: Work, from: Address) {
  const signer = app.signers.get(from)
  assert(signer !== undefined, 'an authorised plan has a signer')
  return {
    to: { rpc: chain.rpc, store: app.store, clock: app.clock, relays: chain.relays },
    signer,
    fees: { ...app.config.fees, outbid: attack.outbid },
  }
}

async function confirm(work: Work, { plan, ground, broadcast: sent }: Sent): Promise<Broadcast> {
  const { app, chain, context } = work
  const { to, signer, fees } = meansOf(work, sent.from)
  return context.durable(`confirm:${plan.id}`, async () => {
    const tell = async (replaced: { broadcast: Broadcast; reason: string }): Promise<void> => {
      const message = `Replaced by ${replaced.broadcast.transactionHash}: ${replaced.reason}.`
      await recordStep(app, context, {
        kind: 'broadcast',
        message,
        evidence: { kind: 'broadcast', body: replaced.broadcast },
      })
    }
    const { publicAfterBlocks } = chain.config
    const forbidden = () => forbiddenNow(app, { plan, ground })
    const replacing = { signer, fees, afterBlocks: REPLACE_AFTER_BLOCKS, publicAfterBlocks, tell, forbidden }
    const broadcast = await confirmBroadcast(sent, { ...CONFIRM, replacing }, to)
    const { state, blockNumber } = broadcast
    const facts = { call: shortCall(plan.lever.signature), state, blockNumber, failed: state !== 'mined' }
    await recordStep(app, context, {
      kind: 'broadcast',
      message: minedText(plan, broadcast),
      evidence: { kind: 'broadcast', body: broadcast },
      facts,
    })
    return broadcast
  })
}

/** Why another transaction may not be signed for a plan that was signed before; null where it may. */
export async function forbiddenNow(
  app: App,
  { plan, ground }: Pick<Signing, 'plan' | 'ground'>,
): Promise<string | null> {
  const permission = await transaction(app.store, async (tx) =>
    permitNow(app, tx, { plan, ground: await signedOn(tx, plan, ground) }),
  )
  return permission.allowed ? null : permission.reasons.join('; ')
}

async function verifyIt(work: Work, done: Sent): Promise<Verification> {
  const { app, chain, context } = work
  const { rpc, sequencer } = chain
  const attack = await trialOf(work, work.attack)
  const look = () => verifyPlan({ rpc, sequencer, attack, ...done })
  let verification = await look()
  for (let looks = 1; !verification.verified && looks < VERIFY.looks; looks++) {
    await app.clock.sleep(VERIFY.waitMs)
    verification = await look()
  }
  await insertVerification(app.store, verification)
  const message = verifiedText(done.plan, verification)
  await recordStep(app, context, {
    kind: 'verification',
    message,
    evidence: { kind: 'verification', body: verification },
    facts: {
      call: shortCall(done.plan.lever.signature),
      passed: verification.checks.filter(({ passed }) => passed).length,
      checks: verification.checks.length,
      failed: !verification.verified,
    },
  })
  return verification
}
