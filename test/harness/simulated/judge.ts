import { drillAccount } from '../../../src/drills/accounts.ts'
import { verifyEvidence } from '../../../src/incidents/ledger.ts'
import { moveIncident } from '../../../src/incidents/move.ts'
import { fakeClock } from '../../../src/kit/clock.ts'
import { toJson } from '../../../src/kit/json.ts'
import type { Incident } from '../../../src/model/incident.ts'
import type { TimelineEntry } from '../../../src/model/timeline.ts'
import { type BroadcastAttempt, listAttempts } from '../../../src/store/broadcast-attempts.ts'
import { listBroadcasts } from '../../../src/store/broadcasts.ts'
import { listEvidence } from '../../../src/store/evidence.ts'
import { findIncident } from '../../../src/store/incidents.ts'
import { listPlans, listVerifications } from '../../../src/store/plans.ts'
import { listRuns } from '../../../src/store/runs.ts'
import type { Store } from '../../../src/store/store.ts'
import { listTimeline } from '../../../src/store/timeline.ts'
import { headOf, nonceAt, SELECTORS } from './chain.ts'
import type { World } from './world.ts'

/** How a run ended, and every violation of an invariant. */
export type Verdict = {
  incidentId: string
  ending: 'contained' | 'people called' | 'none'
  /** The reason for which people were called, if they were. */
  reason: string | null
  /** Pauses on the final chain that changed something, and others that are mined and changed nothing. */
  effective: number
  idle: number
  attempts: number
  /** Cordon's transactions on the final chain that do nothing and keep a pause from landing twice. */
  fillers: number
  deaths: number
  /** Milliseconds that the run took on its own clock. */
  took: number
  /** Crash points that the run never reached. */
  skipped: readonly string[]
  violations: string[]
}

type Ended = {
  store: Store
  world: World
  incidentId: string
  died: number
  skipped: readonly string[]
}

/** Reads the final chain and the database alone. */
export async function judge({ store, world, incidentId, died, skipped }: Ended): Promise<Verdict> {
  const incident = await findIncident(store, incidentId)
  if (incident === undefined) throw new TypeError('a run has an incident')
  const record = await recordOf(store, incident)
  const pauses = pausesOn(world)
  const violations = [
    ...chainViolations(world, record, pauses),
    ...recordViolations(record),
    ...(await ledgerViolations(store, record)),
  ]
  await close(store, incident)
  return {
    incidentId,
    ending: endingOf(record),
    reason: reasonOf(record.timeline),
    effective: pauses.effective,
    idle: pauses.idle,
    attempts: record.attempts.length,
    fillers: fillersOn(world),
    deaths: died,
    took: world.now - world.began,
    skipped,
    violations,
  }
}

type Record = {
  incident: Incident
  timeline: TimelineEntry[]
  attempts: BroadcastAttempt[]
  plans: number
  verified: boolean
  text: string
}

async function recordOf(store: Store, incident: Incident): Promise<Record> {
  const [timeline, evidence, broadcasts, plans, runs] = await Promise.all([
    listTimeline(store, incident.id),
    listEvidence(store, incident.id),
    listBroadcasts(store, incident.id),
    listPlans(store, incident.id),
    listRuns(store, incident.id),
  ])
  const attempts = (await Promise.all(plans.map(({ id }) => listAttempts(store, id)))).flat()
  const verifications = (await Promise.all(plans.map(({ id }) => listVerifications(store, id)))).flat()
  const text = toJson({ timeline, evidence, broadcasts, plans, runs, attempts, verifications })
  const verified = verifications.some((it) => it.verified)
  return { incident, timeline, attempts, plans: plans.length, verified, text }
}

type Pauses = { effective: number; idle: number; unavoidable: boolean }

function pausesOn({ chain }: World): Pauses {
  const mined = chain.blocks.flatMap(({ transactions, reorg }) =>
    transactions
      .filter(({ to, data }) => to === chain.contract && data.startsWith(SELECTORS.pause))
      .map(() => reorg),
  )
  const effective = chain.blocks.flatMap((block) => block.effective).length
  // signed under two nonces of which one was stolen, and both in the blocks that one reorg brought, or the next one:
  // ADR 0007
  const unavoidable = mined.every((reorg) => reorg !== 0 && reorg === mined[0])
  return { effective, idle: mined.length - effective, unavoidable }
}

function fillersOn({ chain }: World): number {
  return chain.blocks.flatMap(({ transactions }) => transactions.filter(({ from, to }) => from === to)).length
}

function chainViolations(
  { chain }: World,
  { attempts, incident, timeline }: Record,
  { effective, idle, unavoidable }: Pauses,
): string[] {
  const { state } = headOf(chain)
  const next = nonceAt(state, chain.guardian)
  // more thefts than are followed: people were notified that it can never land
  const isGivenUp = reasonOf(timeline) === 'contain.NonceTaken'
  const beyond = attempts.filter(({ nonce }) => nonce >= next)
  return [
    ...(effective > 1 ? [`${effective} pauses took effect`] : []),
    ...(idle > 0 && !unavoidable ? [`${idle} further pauses are mined without effect`] : []),
    ...(beyond.length > 0
      ? [
          `nonce ${Math.min(...beyond.map(({ nonce }) => nonce))} was signed with and is still open (next is ${next})`,
        ]
      : []),
    ...(attempts.length > 0 && !state.paused && !isGivenUp ? ['a pause was signed and never landed'] : []),
    ...(state.paused && incident.state !== 'contained'
      ? [`paused, and the incident is ${incident.state}`]
      : []),
    ...(!state.paused && incident.state === 'contained'
      ? ['the incident is contained and nothing is paused']
      : []),
  ]
}

function recordViolations(record: Record): string[] {
  const { incident, timeline, plans, verified, text } = record
  const { privateKey } = drillAccount('guardian').getHdKey()
  const key = Buffer.from(privateKey ?? []).toString('hex')
  const isForgotten = endingOf(record) === 'none'
  return [
    ...(isForgotten ? [`forgotten: ${incident.state}, ${plans} plans, ${timeline.at(-1)?.message}`] : []),
    ...(incident.state === 'contained' && !verified ? ['contained without a verification'] : []),
    ...(text.toLowerCase().includes(key) ? ['a key is in the database'] : []),
    ...(timeline.some(({ sequence }, i) => sequence !== i + 1) ? ['the timeline has a gap'] : []),
  ]
}

async function ledgerViolations(store: Store, { incident }: Record): Promise<string[]> {
  const { ok, reason } = await verifyEvidence({ store, clock: fakeClock() }, incident.id)
  return ok ? [] : [`the evidence chain is broken: ${reason}`]
}

function endingOf(record: Record): Verdict['ending'] {
  if (record.incident.state === 'contained') return 'contained'
  return reasonOf(record.timeline) === null ? 'none' : 'people called'
}

/** The reason why people have to act, in the words of the timeline. */
function reasonOf(timeline: readonly TimelineEntry[]): string | null {
  for (const { kind, message, facts } of [...timeline].reverse()) {
    const error = (facts as { error?: { code?: string } | null }).error
    if (kind === 'step' && error?.code !== undefined) return error.code
    if (message.startsWith('Nothing was sent because')) return 'proposed'
    if (message.includes('the containment no longer holds')) return 'come undone'
    if (message.startsWith('NOT verified')) return 'not-verified'
  }
  return null
}

/** Ensures that the next run's checks of open incidents find only its own. */
async function close(store: Store, incident: Incident): Promise<void> {
  const context = { store, clock: fakeClock() }
  await moveIncident(context, { incidentId: incident.id, to: 'closed', author: 'simulation', reason: 'over' })
}
