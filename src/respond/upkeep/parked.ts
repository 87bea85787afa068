import { planContainment } from '../../contain/planning/plan.ts'
import { byHandText, callByHand } from '../../contain/routes/by-hand.ts'
import { simulatePlan } from '../../contain/trials/simulate.ts'
import { note } from '../../incidents/context.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { FlowEdge } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Lever } from '../../model/lever.ts'
import type { Notification } from '../../model/notification.ts'
import { peopleOf } from '../../model/role.ts'
import { functionNames } from '../../names/function-names.ts'
import { pageTitle } from '../../notify/title.ts'
import { queueNotification } from '../../store/notifications.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { transaction } from '../../store/store.ts'
import { assetsNamed, readable } from '../../words/readable.ts'
import type { App, ChainHandle } from '../context.ts'
import { lexiconOf } from '../lexicon.ts'
import { recentOperations } from '../memory/operations.ts'
import { deliver, queueingOf } from '../outbox.ts'

/** Stolen funds that were put into a protected contract that was not robbed. */
export type Parked = Pick<FlowEdge, 'from' | 'to' | 'asset' | 'tainted' | 'transactionHash'> & {
  /** Something was given for it in the same transaction: a share, or the other side of a trade. */
  isExchanged: boolean
}

/** Deposits that are reported per block, at most. */
const MOST_TOLD = 8
/** A payment with less than this part stolen is reported only with the other movements. */
const LEAST_PART = 10n

/**
 * The payments into protected contracts with a substantial stolen part; a return to a contract that was robbed does not
 * count.
 */
export function parkedIn(
  edges: readonly FlowEdge[],
  { own, robbed }: { own: ReadonlySet<Address>; robbed: ReadonlySet<Address> },
): Parked[] {
  const found = new Map<string, Parked>()
  for (const { from, to, asset, amount, tainted, transactionHash, kind } of edges) {
    if (!own.has(to) || robbed.has(to) || tainted * LEAST_PART < amount || kind === 'burn') continue
    const key = `${to}:${asset}:${transactionHash}`
    const sum = (found.get(key)?.tainted ?? 0n) + tainted
    found.set(key, { from, to, asset, tainted: sum, transactionHash, isExchanged: kind !== 'transfer' })
  }
  return [...found.values()].slice(0, MOST_TOLD)
}

/** Worded as in the record: base units and full addresses. */
export function parkedText({ names }: Pick<App, 'names'>, { to, asset, tainted, ...more }: Parked): string {
  const given = more.isExchanged ? ', which gave something in return at once' : ''
  return `Stolen funds were paid into ${names.get(to) ?? to}${given}: ${tainted} of ${asset}, in ${more.transactionHash}. It lost nothing and is not paused.`
}

export type Parking = { incident: Incident; parked: readonly Parked[]; block: number }

/**
 * Reports how stolen funds can be held in the contracts that they were put into, once for each contract of an incident:
 * the best pause or freeze, tried on recent calls there, with the exact call. People make the call: it stops honest
 * users too. Runs in parallel with the record, since levers take a while to find.
 */
export function proposeHolding(app: App, chain: ChainHandle, { incident, parked, ...at }: Parking): void {
  const byContract = new Map(parked.map((one) => [one.to, one]))
  for (const one of byContract.values())
    holding(app, chain, { ...at, incident, one }).catch((thrown: unknown) =>
      app.logger.warn(
        { incidentId: incident.id, contract: one.to, reason: messageOf(thrown) },
        'could not say how stolen funds can be held',
      ),
    )
}

type Holding = Omit<Parking, 'parked'> & { one: Parked }

async function holding(app: App, chain: ChainHandle, { incident, one, block }: Holding): Promise<void> {
  const how = await howToHold(app, chain, { incident, target: one.to, block })
  const message = `How to hold the stolen funds in ${app.names.get(one.to) ?? one.to}: ${how}`
  const told = await notificationOf(app, { incident, one, how })
  const isNew = await transaction(app.store, async (tx) => {
    if (!(await queueNotification(tx, told, queueingOf(app, told))).isNew) return false
    await note(
      { store: tx, clock: app.clock },
      { incidentId: incident.id, kind: 'fund-movement', message, facts: { block, parked: one } },
    )
    return true
  })
  if (isNew) await deliver(app, told)
}

type Where = { incident: Incident; target: Address; block: number }

async function howToHold(app: App, chain: ChainHandle, { incident, target, block }: Where): Promise<string> {
  try {
    const { plan } = await planContainment({
      rpc: chain.rpc,
      sequencer: chain.sequencer,
      chainId: chain.chainId,
      incidentId: incident.id,
      attempt: `parked:${target}`,
      target,
      attackTransaction: null,
      attack: null,
      pinnedBlock: block,
      signers: [...app.signers.keys()],
      presigned: await listSafeSignatures(app.store, chain.chainId),
      others: peopleOf(app.config),
      names: functionNames,
    })
    const { lever } = plan
    if (!lever.armed) return `${lever.signature} is pulled already.`
    return `by ${lever.signature}, ${leverText(lever)}.${await triedText(chain, plan)} ${byHandText(callByHand(plan))}`
  } catch (thrown) {
    return `Cordon knows no way. ${messageOf(thrown).split('\n')[0]}`
  }
}

function leverText({ kind, breadth, authority }: Lever): string {
  const who = authority === null ? 'nobody known may pull it' : `${authority.address} may pull it`
  return `a ${kind} of one ${breadth}: it stops honest users too; ${who}`
}

/** The recent calls there that it blocks: a pause that leaves withdrawals open holds nothing. */
async function triedText(
  { rpc, sequencer, operations }: ChainHandle,
  plan: ContainmentPlan,
): Promise<string> {
  if (plan.lever.authority === null) return ''
  const lately = recentOperations(operations, plan.lever.target)
  const { leverSucceeded, opEffects } = await simulatePlan({
    ...{ rpc, sequencer, plan, attack: null },
    operations: lately,
  })
  if (!leverSucceeded) return ' In a simulation on the state of that block, it fails.'
  const named = (effect: string): string =>
    Object.entries(opEffects)
      .flatMap(([selector, found]) =>
        found === effect ? [functionNames.get(selector as Lever['calldata']) ?? selector] : [],
      )
      .join(', ')
  const [blocked, open] = [named('blocked'), named('open')]
  if (blocked === '' && open === '')
    return ' Cordon does not know what it blocks: there were no recent operations.'
  return ` Of the recent operations it blocks ${blocked || 'nothing'} and leaves open ${open || 'nothing'}.`
}

async function notificationOf(
  app: App,
  { incident, one, how }: { incident: Incident; one: Parked; how: string },
): Promise<Notification> {
  const what = parkedText(app, one)
  const lexicon = await lexiconOf(app, incident.chainId, assetsNamed(what))
  const name = app.names.get(one.to) ?? one.to
  return {
    id: sha256(`${incident.id}:parked:${one.to}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['guardian', 'operations'],
    recipients: [],
    severity: 'high',
    title: pageTitle(
      { kind: incident.kind, severity: 'high' },
      readable(`Stolen funds are in ${name} · ${incident.title}`, lexicon),
    ),
    // `how` is left as it is, since it contains the exact call that people copy into a wallet.
    body: `${readable(what, lexicon)}\nHow to hold them there: ${how}`,
    at: app.clock.now(),
    facts: { incident: incident.id, subject: 'stolen funds are in a protected contract', parked: one },
  }
}
