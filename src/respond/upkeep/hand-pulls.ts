import { type AuthorityDetail, authorityDetail } from '../../contain/authority/authority-detail.ts'
import { discoverLevers } from '../../contain/planning/discover.ts'
import { readState } from '../../contain/reading/state-view.ts'
import { appendEvidence } from '../../incidents/ledger.ts'
import { moveIncident } from '../../incidents/move.ts'
import { record } from '../../incidents/record.ts'
import { assert } from '../../kit/assert.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import { type ContainmentPlan, type HandPull, protectedBy } from '../../model/containment.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Authority, Lever } from '../../model/lever.ts'
import { drillMark } from '../../notify/title.ts'
import { configuredAccounts, ownAccountsWith } from '../../reports/share/defenders.ts'
import { ownTransactions } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listLevers } from '../../store/levers.ts'
import { queueNotification } from '../../store/notifications.ts'
import { insertPlan, listActivePlans } from '../../store/plans.ts'
import { transaction } from '../../store/store.ts'
import { readable } from '../../words/readable.ts'
import { handPullText } from '../actions/pulled-by-hand.ts'
import type { App, ChainHandle } from '../context.ts'
import { lexiconOf } from '../lexicon.ts'
import { relatedTo } from '../memory/map-protocol.ts'
import { deliver, queueingOf } from '../outbox.ts'
import { callsIn, doingOf, type HandCall, isByOwn } from './hand-calls.ts'

type Place = { app: App; chain: ChainHandle; facts: BlockFacts }
type Standing = { incident: Incident; plans: readonly ContainmentPlan[] }

/**
 * Records calls of levers that the defenders made by hand in a block while an incident stands: who pulled a lever for
 * an open one, and who (also a stranger) undid the lever that contains one, which opens it again. Safe to call again
 * with the same block. True where a lever was pulled that now needs verification.
 */
export async function recordHandPulls(app: App, chain: ChainHandle, facts: BlockFacts): Promise<boolean> {
  const incidents = await listIncidents(app.store, { states: ['open', 'contained'] })
  if (incidents.length === 0) return false
  const active = (await listActivePlans(app.store)).filter(({ lever }) => lever.chainId === chain.chainId)
  const standing = incidents.map((incident): Standing => {
    return { incident, plans: active.filter(({ incidentId }) => incidentId === incident.id) }
  })
  const recorded = (await listLevers(app.store)).map(({ lever }) => lever)
  const known = [
    ...standing.flatMap(({ plans }) => plans.map(({ lever }) => lever)),
    ...recorded.filter(({ chainId }) => chainId === chain.chainId),
  ]
  const own = ownAccountsWith(configuredAccounts(app.config, { signers: app.signers.keys() }), known)
  const held = standing.flatMap(({ incident, plans }) => (incident.state === 'contained' ? plans : []))
  const found = callsIn(facts, (call) => isByOwn(call, own) || held.some((plan) => mayTakeBack(call, plan)))
  const calls = await callsNotOurs(app, chain, found)
  let isPulled = false
  for (const call of calls) {
    const isOwn = isByOwn(call, own)
    for (const one of standing) {
      const place = { app, chain, facts }
      if (one.incident.state === 'contained') await noteUndone(place, { ...one, call, isOwn })
      else if (isOwn && (await notePulled(place, { ...one, call, known }))) isPulled = true
    }
  }
  return isPulled
}

function mayTakeBack(call: HandCall, { lever }: Pick<ContainmentPlan, 'lever'>): boolean {
  const doing = doingOf(call, lever)
  return doing === 'undo' || doing === 'variant'
}

async function callsNotOurs(app: App, chain: ChainHandle, calls: readonly HandCall[]): Promise<HandCall[]> {
  const hashes = [...new Set(calls.map(({ transactionHash }) => transactionHash))]
  const ours = await ownTransactions(app.store, chain.chainId, hashes)
  return calls.filter(({ transactionHash }) => !ours.has(transactionHash))
}

type Called = Standing & { call: HandCall }

/**
 * Stores a plan for each protected contract that the call may contain, once. False where it pulls nothing or is known.
 */
async function notePulled(place: Place, called: Called & { known: readonly Lever[] }): Promise<boolean> {
  const { app } = place
  const targets = await protectedThrough(place, called)
  if (targets.length === 0) return false
  const lever = await leverOf(place, called)
  if (lever === undefined) return false
  const who = await whoIs(place, called.call)
  let isNew = false
  for (const target of targets) {
    const plan = planOf(place, { ...called, lever, target, who })
    const message = `${handPullText(plan.lever, byHandOf(plan), app.names)}. Cordon checks whether it stops the attack.`
    const kept = await transaction(app.store, async (tx) => {
      if (!(await insertPlan(tx, plan))) return false
      const inside = { store: tx, clock: app.clock }
      const { incidentId } = plan
      const facts = { plan: plan.id, byHand: true }
      const author = byHandOf(plan).who
      await record(
        inside,
        { incidentId, kind: 'plan', message, author, facts, eventTime: timeOf(place) },
        { kind: 'plan', body: plan },
      )
      return true
    })
    isNew = isNew || kept
  }
  return isNew
}

/**
 * The protected contracts of the incident that a call may be for: all of them for a lever elsewhere in the protocol.
 */
async function protectedThrough(
  { chain, facts, app }: Place,
  { incident, plans, call }: Called,
): Promise<Address[]> {
  const planned = plans.filter(({ lever }) => lever.target === call.target).map(protectedBy)
  if (planned.length > 0) return [...new Set(planned)].filter((it) => incident.protected.includes(it))
  if (incident.chainId !== chain.chainId) return []
  if (incident.protected.includes(call.target)) return [call.target]
  const block = facts.bundle.number - 1
  const through: Address[] = []
  for (const target of incident.protected) {
    const related = await relatedTo(chain, { target, block }).catch((thrown: unknown) => {
      app.logger.warn({ target, reason: messageOf(thrown) }, 'could not map the protocol')
      return []
    })
    if (related.some(({ address }) => address === call.target)) through.push(target)
  }
  return through
}

/** The lever that a call pulls: a known one, otherwise one that the contract offers. Undefined for any other call. */
async function leverOf(
  { app, chain, facts }: Place,
  { call, known }: Called & { known: readonly Lever[] },
): Promise<Lever | undefined> {
  const among = leverAmong(known, call)
  if (among !== undefined || known.some((lever) => doingOf(call, lever) === 'undo')) return among
  const { rpc, chainId } = chain
  const block = facts.bundle.number - 1
  try {
    return leverAmong(await discoverLevers({ rpc, chainId, target: call.target, block }), call)
  } catch (thrown) {
    app.logger.warn({ target: call.target, reason: messageOf(thrown) }, 'could not look for levers')
    return undefined
  }
}

/** Another call of a lever's function has no view of its own: only its effect on the attack is evidence for it. */
function leverAmong(levers: readonly Lever[], call: HandCall): Lever | undefined {
  const exact = levers.find((lever) => doingOf(call, lever) === 'pull')
  if (exact !== undefined || levers.some((lever) => doingOf(call, lever) === 'undo')) return exact
  const other = levers.find((lever) => doingOf(call, lever) === 'variant')
  if (other === undefined) return undefined
  return { ...other, id: `${other.id}:${call.data}`, calldata: call.data, undo: null, state: [] }
}

function planOf(
  { app, chain, facts }: Place,
  { incident, call, lever, target, who }: Called & { lever: Lever; target: Address; who: string },
): ContainmentPlan {
  const { number, hash } = facts.bundle
  const { by, sender, transactionHash } = call
  const authority = authorityOf(app, call, lever)
  const key = [incident.id, 'by-hand', transactionHash, hash ?? number, lever.id, target].join(':')
  return {
    id: sha256(key).slice(0, 32),
    incidentId: incident.id,
    lever: { ...lever, armed: true, authority },
    pinnedBlock: number - 1,
    attackTransaction: incident.chainId === chain.chainId ? (incident.transactions.at(-1) ?? null) : null,
    route: { kind: 'direct' },
    protects: lever.target === target ? null : target,
    purpose: 'contain',
    executes: null,
    byHand: { who, by, sender, transactionHash, blockNumber: number, blockHash: hash },
  }
}

function authorityOf({ signers }: App, { by, sender, transactionHash }: HandCall, lever: Lever): Authority {
  const { authority } = lever
  const isKnown = authority?.address === by
  return {
    kind: isKnown ? authority.kind : by === sender ? 'eoa' : 'contract',
    address: by,
    evidence: `called ${lever.signature} in ${transactionHash}`,
    live: signers.has(by),
    balance: isKnown ? authority.balance : 0n,
  }
}

function byHandOf({ byHand }: ContainmentPlan): HandPull {
  assert(byHand !== null, 'a plan of a call by hand says who made it')
  return byHand
}

/** Worded as in the configuration: `Ada (guardian)`, `the Safe 0x…`, `Ada (guardian) through the AccessManager 0x…`. */
async function whoIs(
  { app: { config, names, signers, logger }, chain, facts }: Place,
  { by, through }: HandCall,
): Promise<string> {
  const personAt = (address: Address): string | undefined => {
    for (const [role, people] of Object.entries(config.roles)) {
      const person = people.find((one) => one.address === address)
      if (person !== undefined) return `${person.name} (${role})`
    }
    return undefined
  }
  const person = personAt(by)
  if (person !== undefined) return person
  if (signers.has(by)) return names.get(by) ?? `the signer ${by}`
  const name = names.get(by) ?? by
  const kind = await authorityDetail(chain.rpc, by, facts.bundle.number).then(
    (detail) => KINDS[detail.kind],
    (thrown: unknown) => {
      logger.warn({ by, reason: messageOf(thrown) }, 'could not ask what pulled a lever by hand')
      return undefined
    },
  )
  const account = kind === undefined ? name : `the ${kind} ${name}`
  const asking = through.map(personAt).find((found) => found !== undefined)
  return asking === undefined ? account : `${asking} through ${account}`
}

const KINDS: Readonly<Record<AuthorityDetail['kind'], string | undefined>> = {
  safe: 'Safe',
  timelock: 'timelock',
  governor: 'governor',
  'access-manager': 'AccessManager',
  eoa: undefined,
  contract: undefined,
}

function timeOf({ app, facts }: Place): number {
  const { timestamp } = facts.bundle
  return timestamp === null ? app.clock.now() : timestamp * 1000
}

/** Opens a contained incident again where the call undid the lever that contains it, and pages people. */
async function noteUndone(
  place: Place,
  { incident, plans, call, isOwn }: Called & { isOwn: boolean },
): Promise<void> {
  const { app, chain, facts } = place
  const { number, hash } = facts.bundle
  for (const plan of plans) {
    if (plan.purpose !== 'contain' || !(await isTakenBack(place, { plan, call }))) continue
    const { lever } = plan
    const { by, sender, transactionHash } = call
    const signature = lever.undo?.signature ?? lever.signature
    const who = await whoIs(place, call)
    const undone: HandPull = { by, sender, who, transactionHash, blockNumber: number, blockHash: hash }
    const text = handPullText({ signature, target: lever.target }, undone, app.names)
    const what = `opened again by ${who}${isOwn ? '' : ', who has no role and may pull no lever'}: ${text}`
    const told = await undoneNotice(app, { incident, plan, what, undone, isOwn })
    const isMoved = await transaction(app.store, async (tx) => {
      const inside = { store: tx, clock: app.clock }
      const { id: incidentId } = incident
      const body = { planId: plan.id, undone }
      await moveIncident(inside, { incidentId, to: 'open', author: 'cordon', reason: what })
      await appendEvidence(inside, { incidentId, kind: 'plan-undone', body })
      return (await queueNotification(tx, told, queueingOf(app, told))).isNew
    }).catch((thrown: unknown) => {
      // It was closed meanwhile.
      app.logger.warn({ incidentId: incident.id, reason: messageOf(thrown) }, 'could not open it again')
      return false
    })
    if (!isMoved) return
    app.logger.warn({ incidentId: incident.id, chainId: chain.chainId, who }, 'opened again by hand')
    app.hub.tell({ ...incident, state: 'open' })
    // Not awaited; a notification that fails here is in the outbox and is sent again.
    deliver(app, told).catch((thrown: unknown) =>
      app.logger.warn({ incidentId: incident.id, reason: messageOf(thrown) }, 'could not tell of it yet'),
    )
    return
  }
}

/**
 * True where the call is of the lever's function or of its undo, and the chain shows that the lever no longer holds.
 */
async function isTakenBack(
  { chain, facts }: Place,
  { plan: { lever }, call }: { plan: ContainmentPlan; call: HandCall },
): Promise<boolean> {
  if (!mayTakeBack(call, { lever })) return false
  if (lever.state.length === 0) return doingOf(call, lever) === 'undo'
  const answers = await readState(chain.rpc, lever.state, facts.bundle.number)
  return answers.some(({ isPulled }) => !isPulled)
}

type Undone = {
  incident: Incident
  plan: ContainmentPlan
  what: string
  undone: HandPull
  isOwn: boolean
}

async function undoneNotice(app: App, { incident, plan, what, undone, isOwn }: Undone) {
  const lexicon = await lexiconOf(app, incident.chainId)
  return {
    id: sha256(`${plan.id}:undone-by-hand:${undone.transactionHash}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['incident-leader' as const, 'guardian' as const, 'operations' as const],
    recipients: [],
    severity: 'critical' as const,
    title: `${drillMark(incident)}NO LONGER CONTAINED · ${readable(`${what}: ${incident.title}`, lexicon)}`,
    body: `If this was meant, move the incident to stable. If ${isOwn ? undone.who : 'nobody of yours'} did ${isOwn ? 'not do it' : 'it'}, a key is stolen: pause again now and revoke the role.`,
    at: app.clock.now(),
    facts: {
      ...{ incident: incident.id, target: plan.lever.target, block: undone.blockNumber },
      ...{ transaction: undone.transactionHash, by: undone.by, subject: 'no longer contained' },
    },
  }
}
