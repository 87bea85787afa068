import { z } from 'zod'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { object } from '../../chain/trace/fields.ts'
import { type BroadcastContext, sendBroadcast, signPlan } from '../../contain/broadcast.ts'
import { confirmBroadcast } from '../../contain/confirm.ts'
import { isScheduling, nextStep, readyAtOf } from '../../contain/route.ts'
import { verifyPlan } from '../../contain/verify.ts'
import { assert } from '../../kit/assert.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { sha256, toJson } from '../../kit/json.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { type Address, addressSchema } from '../../model/hex.ts'
import { safeCallSchema } from '../../model/safe.ts'
import { insertPlan, insertVerification } from '../../store/plans.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { trialOf } from './attack.ts'
import { recordStep } from './record-step.ts'
import { type ContainOutcome, type Planned, patiently, type Work } from './work.ts'

export type Signing = { plan: ContainmentPlan; simulation: Simulation }
export type Sent = Planned & { simulation: Simulation; broadcast: Broadcast }

/** How long the chain is waited for before the step is tried again; the transaction stays where it is meanwhile. */
const CONFIRM = { timeoutMs: 120_000, pollMs: 50 }
/** A block that passes the transaction over may have been full or made before it came; the second means that it pays too little. */
export const REPLACE_AFTER_BLOCKS = 2
/** Looks at the chain until it says what was promised, about 10 s: the node that answers may be behind. */
const VERIFY = { looks: 10, waitMs: 1_000 }

/**
 * Builds what the plan's route sends, signs, keeps and sends it, as durable steps: the transaction is kept before anybody sees
 * it, so it is sent again, never signed again.
 */
export async function signAndSend(work: Work, { plan, simulation }: Signing): Promise<Broadcast> {
  const { app, chain, context } = work
  const step = await stepOf(work, plan)
  const { to, signer, fees } = meansOf(work, step.from)
  // the watcher tends every transaction that no step waits for: this one is waited for until `confirmAndVerify` ends
  app.containing.add(plan.id)
  try {
    const signed = await context.durable(`sign:${plan.id}`, () =>
      patiently(app, async () => {
        const isDirect = plan.route.kind === 'direct'
        const gasUsed = isDirect ? simulation.gasUsed : await gasOf(chain.rpc, step)
        return signPlan(plan, { signer, call: step.call, gasUsed, fees }, to)
      }),
    )
    return await send(work, { plan, step, signed })
  } catch (thrown) {
    app.containing.delete(plan.id)
    throw thrown
  }
}

async function send(
  work: Work,
  { plan, step, signed }: { plan: ContainmentPlan; step: Step; signed: Broadcast },
): Promise<Broadcast> {
  const { app, context } = work
  const { to } = meansOf(work, step.from)
  return context.durable(`send:${plan.id}`, async () => {
    const { broadcast, trouble } = await sentOrHeld(signed, to)
    const word = trouble === null ? 'Sent' : `Not taken yet (${trouble}), and sent again until it is:`
    const what = step.does === 'schedule' ? 'the schedule of ' : ''
    const message = `${word} ${what}${plan.lever.signature} as ${broadcast.transactionHash} (nonce ${broadcast.nonce} of ${broadcast.from}).`
    await recordStep(app, context, { kind: 'broadcast', message, body: broadcast })
    return broadcast
  })
}

/** What `confirmBroadcast` gets over by itself: a node that is away, a nonce that is gone, a fee that is too low. */
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

/** What is sent for a plan, decided once: after a crash the same call is signed. */
async function stepOf({ app, chain, context }: Work, plan: ContainmentPlan): Promise<Step> {
  const json = await context.durable(`route:${plan.id}`, async () => {
    const { rpc, chainId } = chain
    const presigned = () => listSafeSignatures(app.store, chainId)
    const now = () => chainTime(rpc)
    const step = await patiently(app, () => nextStep(plan, { rpc, signers: app.signers, presigned, now }))
    // what waits already was scheduled before: to schedule it again would only begin the delay anew
    if (step.does === 'wait') throw stillWaiting(plan, step.readyAt)
    const { call, from, does } = step
    return toJson({ ...call, from, does })
  })
  return stepSchema.parse(JSON.parse(json))
}

/** The latest block's, seconds since the epoch: delays run by the chain's clock. */
async function chainTime(rpc: Rpc): Promise<number> {
  const block = object(await rpc.request('eth_getBlockByNumber', ['latest', false]), 'block')
  return Number(block['timestamp'])
}

/** A Safe, a role and a timelock cost more than the lever by itself. */
async function gasOf(rpc: Rpc, { from, call }: Step): Promise<number> {
  const { to, data, value } = call
  return Number(await rpc.request('eth_estimateGas', [{ from, to, data, value: `0x${value.toString(16)}` }]))
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

/** Waits for the chain and asks it whether the lever holds: what the plan promised is tried again. */
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

/** A run waits that long for a delay of the chain; a longer one is told, and the run goes on without it. Seconds. */
const MOST_WAIT = 900

/** What was scheduled is executed once its delay is over, as a plan of its own; where that is far off, people are told when. */
async function afterDelay(work: Work, sent: Sent): Promise<ContainOutcome> {
  const { app, chain, context, target } = work
  const { plan } = sent
  const { readyAt, now } = await context.durable(`ready:${plan.id}`, async () => {
    const now = await chainTime(chain.rpc)
    const at = await readyAtOf(plan, chain.rpc)
    const when =
      at === null ? 'which nobody can tell: it is not scheduled' : new Date(at * 1_000).toISOString()
    const message = `Scheduled ${plan.lever.signature} of ${app.names.get(target) ?? target}; it can be executed at ${when}. Nothing is stopped until then.`
    await recordStep(app, context, { kind: 'plan', message, body: { planId: plan.id, readyAt: at } })
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
  const broadcast = await signAndSend(work, { ...sent, plan: execution })
  return confirmAndVerify(work, { ...sent, plan: execution, broadcast })
}

/** Until the chain has a block of that time: its clock is not ours. */
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

async function confirm(work: Work, { plan, broadcast: sent }: Sent): Promise<Broadcast> {
  const { app, chain, context } = work
  const { to, signer, fees } = meansOf(work, sent.from)
  return context.durable(`confirm:${plan.id}`, async () => {
    const tell = async (replaced: { broadcast: Broadcast; reason: string }): Promise<void> => {
      const message = `Replaced by ${replaced.broadcast.transactionHash}: ${replaced.reason}.`
      await recordStep(app, context, { kind: 'broadcast', message, body: replaced.broadcast })
    }
    const { publicAfterBlocks } = chain.config
    const replacing = { signer, fees, afterBlocks: REPLACE_AFTER_BLOCKS, publicAfterBlocks, tell }
    const broadcast = await confirmBroadcast(sent, { ...CONFIRM, replacing }, to)
    const message = `The containment transaction is ${broadcast.state} in block ${broadcast.blockNumber}.`
    await recordStep(app, context, { kind: 'broadcast', message, body: broadcast })
    return broadcast
  })
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
  const passed = verification.checks.filter((check) => check.passed).length
  const word = verification.verified ? 'Verified' : 'NOT verified'
  const message = `${word} at block ${verification.atBlock}: ${passed} of ${verification.checks.length} checks passed.`
  await recordStep(app, context, { kind: 'verification', message, body: verification })
  return verification
}
