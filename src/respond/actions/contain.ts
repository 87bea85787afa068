import { z } from 'zod'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { leverTemplates } from '../../contain/levers/registry.ts'
import { queuedIn } from '../../contain/planning/queued.ts'
import { reviveAttack } from '../../contain/trials/attack.ts'
import { assert } from '../../kit/assert.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { givenAddressSchema, hasRightChecksum, wrongChecksum } from '../../model/given-address.ts'
import { type Address, addressSchema, type Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findIncident } from '../../store/incidents.ts'
import { markContaining } from '../../store/runs.ts'
import type { App } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { attackedBy } from './attacked.ts'
import { attacksOwed, focusedOn } from './attacks-owed.ts'
import { pageByHand } from './by-hand.ts'
import { confirmAndVerify, type Sent, signAndSend } from './carry-out.ts'
import { findFreshAttack } from './fresh-look.ts'
import { prepare, propose } from './prepare.ts'
import { recordStep } from './record-step.ts'
import { settle } from './settle.ts'
import { type ContainOutcome, chainOf, patiently, type Work } from './work.ts'

const givenValue = z.string().refine((text) => !/^0x[0-9a-fA-F]{40}$/.test(text) || hasRightChecksum(text), {
  error: ({ input }) => wrongChecksum(String(input)),
})

const namedLever = z.strictObject({
  target: givenAddressSchema,
  /** A lever template, as `cordon levers discover` names it. */
  lever: z.string().min(1).max(80),
  /** The inputs that the template needs: `{ asset: "0x…" }`. */
  given: z.record(z.string(), givenValue).default({}),
  /** The incident’s chain if left out. */
  chainId: z.number().int().positive().optional(),
})

export const containArgs = z.discriminatedUnion('action', [
  /** The best lever of each protected contract of the incident. */
  z.strictObject({ action: z.literal('pause') }),
  /** Cancels the operations that the incident's transactions queued in timelocks, AccessManagers and Governors. */
  z.strictObject({ action: z.literal('cancel') }),
  /** Levers named in advance, on several contracts and chains. `in-order`: each waits until the previous one holds. */
  z.strictObject({
    action: z.literal('levers'),
    levers: z.array(namedLever).min(1).max(32),
    order: z.enum(['together', 'in-order']).default('together'),
  }),
])
type ContainArgs = z.infer<typeof containArgs>

/**
 * `contain`: for each protected contract of the incident, or for each named lever: plan → simulate → decide → authorise
 * → sign, keep, send; then, for all that were sent, confirm → verify. Each part is a durable step, so after a crash
 * between two parts the run continues where it stopped. A target that fails never stops the others; the step fails
 * after them.
 */
export const containKind: ActionKind<ContainArgs> = {
  name: 'contain',
  args: containArgs,
  open: (app) => async (context, args) => {
    const incident = await findIncident(app.store, context.incidentId)
    assert(incident !== undefined, 'a run has an incident')
    // until this step has a result no other attempt begins in parallel
    await markContaining(app.store, context.run.id, context.stepId)
    const attacks = await context.durable('owed', () => attacksOwed(app, context))
    for (let turn = 0; ; turn++) {
      const answering = { incident, hash: attacks[turn] ?? null, turn }
      const { outcomes, errors } = await answer(app, context, { args, answering })
      await settle(app, incident)
      // if nothing could be done about the worst attack, the next is tried: the worst may be a decoy
      if (turn + 1 < attacks.length && outcomes.every(isNothingDone)) continue
      if (errors.length > 0) throw errors.find(isRetryable) ?? errors[0]
      return outcomes
    }
  },
}

/** The attack transaction at index `turn` among those that the step answers; null if none is known. */
type Answering = { incident: Incident; hash: Hash | null; turn: number }

async function answer(
  app: App,
  context: ActionContext,
  { args, answering }: { args: ContainArgs; answering: Answering },
): Promise<{ outcomes: ContainOutcome[]; errors: unknown[] }> {
  const { incident, hash, turn } = answering
  const chain = chainOf(app, incident)
  const looking = { app, chain, context, incident: focusedOn(incident, hash) }
  const found = await context.durable('attack', () => patiently(app, () => findFreshAttack(looking)))
  const attempt = turn === 0 ? context.run.id : `${context.run.id}:${turn + 1}`
  const shared = { app, context, incident, attack: reviveAttack(found), attempt }
  const works = await worksFor(args, shared)
  const errors: unknown[] = []
  const isOrdered = args.action === 'levers' && args.order === 'in-order'
  const outcomes = isOrdered ? await oneByOne(works, errors) : await together(works, errors)
  return { outcomes, errors }
}

function isNothingDone({ outcome, isWorthIt = false }: ContainOutcome): boolean {
  if (isWorthIt) return false
  return outcome === 'proposed' || outcome === 'still-proposed' || outcome === 'failed'
}

type Shared = Pick<Work, 'app' | 'context' | 'incident' | 'attack' | 'attempt'>

const queuedSchema = z.object({
  queued: z.array(
    z.object({
      target: addressSchema,
      wanted: z.object({ template: z.string(), given: z.record(z.string(), z.string()) }),
    }),
  ),
  leftOut: z.object({ operations: z.number(), contracts: z.array(addressSchema) }),
  latest: z.number(),
})

/** An operation is queued only after the transaction that queued it, so these levers are tried on the latest block. */
async function cancelling(shared: Shared): Promise<Work[]> {
  const { app, context, incident, attack } = shared
  const chain = chainOf(app, incident)
  const json = await context.durable('queued', () =>
    patiently(app, async () => {
      const ours = app.config.protect.filter(
        ({ chainId }) => chainId === undefined || chainId === chain.chainId,
      )
      const contracts = [...new Set([...incident.protected, ...ours.map(({ address }) => address)])]
      const { transactions } = incident
      const found = await queuedIn({ rpc: chain.rpc, transactions, contracts, block: attack.pinnedBlock })
      return toJson({ ...found, latest: await getBlockNumber(chain.rpc) })
    }),
  )
  const { queued, leftOut, latest } = queuedSchema.parse(JSON.parse(json))
  const said = queuedText(queued.length, leftOut)
  if (said !== null)
    await recordStep(app, context, {
      kind: 'plan',
      message: said,
      evidence: { kind: 'queued-operations', body: { queued, leftOut } },
    })
  return queued.map((item) => ({
    ...shared,
    ...item,
    chain,
    attack: { ...attack, call: null, pinnedBlock: latest },
  }))
}

/** The timeline text if an operation is not cancelled; null if all are. */
function queuedText(
  count: number,
  { operations, contracts }: { operations: number; contracts: readonly Address[] },
): string | null {
  const nothing =
    count === 0 ? 'Nothing that could be cancelled was queued by the transactions of this incident.' : ''
  if (operations === 0) return nothing === '' ? null : nothing
  const [named, more] = [contracts.slice(0, 3).join(', '), contracts.length - 3]
  const whose = `${named}${more > 0 ? ` and ${more} more` : ''}`
  return `${nothing} Left out: ${operations} queued ${operations === 1 ? 'operation' : 'operations'} of contracts without authority over what is protected, or not aimed at it (${whose}).`.trim()
}

function worksFor(args: ContainArgs, shared: Shared): Work[] | Promise<Work[]> {
  switch (args.action) {
    case 'cancel':
      return cancelling(shared)
    case 'pause':
      return pausing(shared)
    case 'levers':
      return namedWorks(args, shared)
  }
}

async function pausing(shared: Shared): Promise<Work[]> {
  const { app, context, incident, attempt } = shared
  const chain = chainOf(app, incident)
  const json = await context.durable('attacked', async () => {
    const attacked = await attackedBy(app, incident)
    const spared = incident.protected.filter((target) => !attacked.includes(target))
    if (spared.length > 0 && attempt === context.run.id) {
      const named = spared.map((target) => app.names.get(target) ?? target).join(', ')
      const message = `Left as ${spared.length === 1 ? 'it is' : 'they are'}: ${named}. The attack touches ${spared.length === 1 ? 'it' : 'them'}, and nothing at paging level says that ${spared.length === 1 ? 'it loses' : 'they lose'} anything.`
      await recordStep(app, context, {
        kind: 'plan',
        message,
        evidence: { kind: 'spared', body: { spared } },
      })
    }
    return toJson(attacked)
  })
  const targets = z.array(addressSchema).parse(JSON.parse(json))
  return targets.map((target) => ({ ...shared, chain, target }))
}

function namedWorks(args: Extract<ContainArgs, { action: 'levers' }>, shared: Shared): Work[] {
  const { app, incident, attack } = shared
  return withTogether(args.levers).map(({ target, lever, given, chainId }) => ({
    ...shared,
    chain: chainOf(app, incident, chainId),
    // the attack is a transaction of the incident's chain: on other chains there is nothing to try
    attack:
      chainId === undefined || chainId === incident.chainId ? attack : { ...attack, hash: null, call: null },
    target,
    wanted: { template: lever, given },
  }))
}

type Named = z.infer<typeof namedLever>

/** Adds the levers that are useless apart: a lockdown of Permit2 without its nonces leaves signed permits valid. */
function withTogether(levers: readonly Named[]): Named[] {
  const all = [...levers]
  for (const named of levers) {
    const { together = [] } = leverTemplates.find(({ id }) => id === named.lever) ?? {}
    for (const lever of together)
      if (!all.some((item) => item.lever === lever && item.target === named.target))
        all.push({ ...named, lever })
  }
  return all
}

/** Sends all of them before it waits for the first: a block is short. */
async function together(works: readonly Work[], errors: unknown[]): Promise<ContainOutcome[]> {
  const begun: { work: Work; begin: Begun }[] = []
  for (const work of works) begun.push({ work, begin: await caught(work, errors, () => begin(work)) })
  const outcomes: ContainOutcome[] = []
  for (const { work, begin: it } of begun)
    outcomes.push('sent' in it ? await caught(work, errors, () => confirmAndVerify(work, it.sent)) : it)
  return outcomes
}

/** Stops at the first lever that does not hold: the later ones depend on it. */
async function oneByOne(works: readonly Work[], errors: unknown[]): Promise<ContainOutcome[]> {
  const outcomes: ContainOutcome[] = []
  for (const work of works) {
    const [outcome] = await together([work], errors)
    if (outcome === undefined) break
    outcomes.push(outcome)
    if (outcome.outcome !== 'contained' && outcome.outcome !== 'already-paused') break
  }
  return outcomes
}

type Begun = ContainOutcome | { sent: Sent }

async function begin(work: Work): Promise<Begun> {
  const { context } = work
  const prepared = await prepare(work)
  const base = { target: work.target, planId: prepared.plan.id, transactionHash: null }
  switch (prepared.kind) {
    case 'already-pulled':
      return { ...base, outcome: 'already-paused', reasons: ['its state says that it is pulled'] }
    case 'needless':
      return { ...base, outcome: 'already-paused', reasons: [prepared.why] }
    case 'proposed':
    case 'still-proposed':
      return {
        ...base,
        outcome: prepared.kind,
        reasons: prepared.reasons,
        isWorthIt: prepared.isWorthIt,
      }
    case 'go': {
      const { plan } = prepared
      const signing = { ...prepared, ground: { kind: 'authorised' } as const }
      const sending = await signAndSend(work, signing)
      if (sending.kind === 'sent') return { sent: { ...signing, broadcast: sending.broadcast } }
      const reasons = [...sending.reasons]
      await context.durable(`refused:${plan.id}`, async () => {
        await propose(work, { plan, reasons })
      })
      await pageByHand(work, { plan, title: 'Not sent: it may not be signed any more', reasons })
      return { ...base, outcome: 'proposed', reasons }
    }
  }
}

async function caught<T>(
  { app, context, target }: Work,
  errors: unknown[],
  act: () => Promise<T>,
): Promise<T | ContainOutcome> {
  try {
    return await act()
  } catch (thrown) {
    errors.push(thrown)
    const message = `Containment of ${app.names.get(target) ?? target} failed: ${messageOf(thrown)}`
    await recordStep(app, context, {
      kind: 'error',
      message,
      evidence: { kind: 'failure', body: { target } },
    })
    return { target, outcome: 'failed', planId: null, transactionHash: null, reasons: [messageOf(thrown)] }
  }
}

function isRetryable(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.retryable
}
