import { sendBroadcast, signPlan } from '../../contain/broadcast.ts'
import { confirmBroadcast } from '../../contain/confirm.ts'
import { verifyPlan } from '../../contain/verify.ts'
import { assert } from '../../kit/assert.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { insertVerification } from '../../store/plans.ts'
import { recordStep } from './record-step.ts'
import type { ContainOutcome, Planned, Work } from './work.ts'

export type Signing = { plan: ContainmentPlan; simulation: Simulation }
export type Sent = Planned & { simulation: Simulation; broadcast: Broadcast }

/** How long the chain is waited for before the step is tried again; the transaction stays where it is meanwhile. */
const CONFIRM = { timeoutMs: 120_000, pollMs: 50 }
/** A block that passes the transaction over may have been full or made before it came; the second means that it pays too little. */
const REPLACE_AFTER_BLOCKS = 2

/** Signs, keeps and sends, as durable steps: the transaction is kept before anybody sees it, so it is sent again, never signed again. */
export async function signAndSend(work: Work, { plan, simulation }: Signing): Promise<Broadcast> {
  const { app, context } = work
  const { to, signer, fees } = meansOf(work, plan)
  const signed = await context.durable(`sign:${plan.id}`, () =>
    signPlan(plan, { signer, gasUsed: simulation.gasUsed, fees }, to),
  )
  return context.durable(`send:${plan.id}`, async () => {
    const broadcast = await sendBroadcast(signed, to)
    const message = `Sent ${plan.lever.signature} as ${broadcast.transactionHash} (nonce ${broadcast.nonce} of ${broadcast.from}).`
    await recordStep(app, context, { kind: 'broadcast', message, body: broadcast })
    return broadcast
  })
}

/** Waits for the chain and asks it whether the lever holds: what the plan promised is tried again. */
export async function confirmAndVerify(work: Work, sent: Sent): Promise<ContainOutcome> {
  const { context, target } = work
  const { plan } = sent
  const broadcast = await confirm(work, sent)
  const verification = await context.durable(`verify:${plan.id}`, () =>
    verifyIt(work, { ...sent, broadcast }),
  )
  crashPoint('contain.verified')
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
  const verification = await verifyPlan({ rpc, sequencer, attack: attack.call, ...done })
  await insertVerification(app.store, verification)
  const passed = verification.checks.filter((check) => check.passed).length
  const word = verification.verified ? 'Verified' : 'NOT verified'
  const message = `${word} at block ${verification.atBlock}: ${passed} of ${verification.checks.length} checks passed.`
  await recordStep(app, context, { kind: 'verification', message, body: verification })
  return verification
}
