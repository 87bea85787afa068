import { type BroadcastContext, sendBroadcast, signPlan } from '../../contain/broadcast.ts'
import { confirmBroadcast } from '../../contain/confirm.ts'
import { verifyPlan } from '../../contain/verify.ts'
import { assert } from '../../kit/assert.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { insertVerification } from '../../store/plans.ts'
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

/** Signs, keeps and sends, as durable steps: the transaction is kept before anybody sees it, so it is sent again, never signed again. */
export async function signAndSend(work: Work, { plan, simulation }: Signing): Promise<Broadcast> {
  const { app, context } = work
  const { to, signer, fees } = meansOf(work, plan)
  // the watcher tends every transaction that no step waits for: this one is waited for until `confirmAndVerify` ends
  app.containing.add(plan.id)
  try {
    const signed = await context.durable(`sign:${plan.id}`, () =>
      patiently(app, () => signPlan(plan, { signer, gasUsed: simulation.gasUsed, fees }, to)),
    )
    return await send(work, { plan, signed })
  } catch (thrown) {
    app.containing.delete(plan.id)
    throw thrown
  }
}

async function send(
  work: Work,
  { plan, signed }: { plan: ContainmentPlan; signed: Broadcast },
): Promise<Broadcast> {
  const { app, context } = work
  const { to } = meansOf(work, plan)
  return context.durable(`send:${plan.id}`, async () => {
    const { broadcast, trouble } = await sentOrHeld(signed, to)
    const word = trouble === null ? 'Sent' : `Not taken yet (${trouble}), and sent again until it is:`
    const message = `${word} ${plan.lever.signature} as ${broadcast.transactionHash} (nonce ${broadcast.nonce} of ${broadcast.from}).`
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

/** Waits for the chain and asks it whether the lever holds: what the plan promised is tried again. */
export async function confirmAndVerify(work: Work, sent: Sent): Promise<ContainOutcome> {
  const { app, context } = work
  const { plan } = sent
  app.containing.add(plan.id)
  try {
    const broadcast = await confirm(work, sent)
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

function meansOf({ app, chain, attack }: Work, plan: ContainmentPlan) {
  const signer = app.signers.get(plan.lever.authority?.address ?? '0x')
  assert(signer !== undefined, 'an authorised plan has a signer')
  return {
    to: { rpc: chain.rpc, store: app.store, clock: app.clock, relays: chain.relays },
    signer,
    fees: { ...app.config.fees, outbid: attack.outbid },
  }
}

async function confirm(work: Work, { plan, broadcast: sent }: Sent): Promise<Broadcast> {
  const { app, chain, context } = work
  const { to, signer, fees } = meansOf(work, plan)
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

async function verifyIt({ app, chain, context, attack }: Work, done: Sent): Promise<Verification> {
  const { rpc, sequencer } = chain
  const look = () => verifyPlan({ rpc, sequencer, attack: attack.call, ...done })
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
