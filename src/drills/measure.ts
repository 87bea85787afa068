import { randomBytes } from 'node:crypto'
import { verifyEvidence } from '../incidents/ledger.ts'
import type { Clock } from '../kit/clock.ts'
import type { Config } from '../model/config.ts'
import type { DrillPeople, DrillReport, DrillWhere } from '../model/drill.ts'
import { drillReportSchema, reachedPeople } from '../model/drill.ts'
import type { Incident } from '../model/incident.ts'
import type { Run } from '../model/playbook.ts'
import type { DrillRecord } from '../reports/response-times.ts'
import { channelsByPerson, drillTimes } from '../reports/response-times.ts'
import { listReachEntries, listReachTests, listSigningTimes } from '../store/drills.ts'
import { listEvidence } from '../store/evidence.ts'
import { listRuns } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import { scoreDrill } from './score.ts'

/** The data that only the drill itself has; the rest is read from the record. */
export type Drilled = {
  attack: string
  where: DrillWhere
  people: DrillPeople
  pace: number
  blockSeconds: number
  mempool: boolean
  standing: boolean
  seed: number
  startedAt: number
  endedAt: number
  skewMs: number
  incident: Incident | null
  run: Run | null
  /** Base units; null if it cannot be measured. */
  funds: { asset: string; before: bigint; after: bigint; withoutResponse: bigint | null } | null
  attackTransactions: { mined: number; reverted: number }
  notes: readonly string[]
}

type Sources = { store: Store; clock: Clock; config: Pick<Config, 'authorisations' | 'roles'> }

/** Reads a drill's record, measures and scores it. */
export async function measureDrill(sources: Sources, drilled: Drilled): Promise<DrillReport> {
  const { store, clock, config } = sources
  const { incident, run, notes, skewMs, ...known } = drilled
  const record = { ...(await recordOfDrill(store, incident)), skewMs }
  const times = drillTimes(record)
  const contained = times.milestones.some(({ name, at }) => name === 'contained' && at !== null)
  const points = scoreDrill({
    times,
    people: drilled.people,
    contained,
    channelsByPerson: withoutPlayed(channelsByPerson(record)),
    evidence: incident === null ? null : await verifyEvidence({ store, clock }, incident.id),
    reach: await lastReach(store),
    authorisations: holdingNow(config, clock.now()),
    sentOnStanding: !record.timeline.some(
      ({ kind, facts }) => kind === 'approval' && facts.decision === 'approve',
    ),
    now: clock.now(),
  })
  const day = new Date(drilled.startedAt).toISOString().slice(0, 10).replaceAll('-', '')
  return drillReportSchema.parse({
    type: 'drill',
    kind: 'drill',
    id: `drill-${day}-${randomBytes(4).toString('hex')}`,
    ...known,
    incidentId: incident?.id ?? null,
    playbookId: run?.playbookId ?? null,
    runState: run?.state ?? null,
    contained,
    funds: fundsOf(drilled),
    times,
    points,
    notes: [...notes, ...notesOn(drilled)],
  } satisfies DrillReport)
}

async function recordOfDrill(store: Store, incident: Incident | null): Promise<DrillRecord> {
  if (incident === null) return { incident, timeline: [], evidence: [], runs: [], signedAt: [] }
  const { id } = incident
  const [timeline, evidence, runs, signedAt] = await Promise.all([
    listTimeline(store, id),
    listEvidence(store, id),
    listRuns(store, id),
    listSigningTimes(store, id),
  ])
  return { incident, timeline, evidence, runs, signedAt }
}

/** With real people, the drill's own guardian, who signed for its contracts, is not a person to page. */
function withoutPlayed(paged: ReturnType<typeof channelsByPerson>): ReturnType<typeof channelsByPerson> {
  const real = [...paged].filter(([person]) => !person.endsWith('(drill)'))
  return real.length === 0 ? paged : new Map(real)
}

async function lastReach(store: Store): Promise<Parameters<typeof scoreDrill>[0]['reach']> {
  const [test] = await listReachTests(store)
  if (test === undefined) return null
  const people = reachedPeople(test, await listReachEntries(store, test.id))
  return { startedAt: test.startedAt, people, emptyRoles: test.emptyRoles }
}

function holdingNow({ authorisations, roles }: Sources['config'], now: number): number {
  const people = [...(roles.guardian ?? []), ...(roles['incident-leader'] ?? [])]
  const may = new Set(people.map(({ address }) => address))
  const seconds = now / 1_000
  return authorisations.filter(
    ({ signer, validFrom, validUntil }) => may.has(signer) && validFrom <= seconds && seconds < validUntil,
  ).length
}

function fundsOf({ funds }: Drilled): DrillReport['funds'] {
  if (funds === null) return null
  const { asset, before, after, withoutResponse } = funds
  return {
    asset,
    before: String(before),
    after: String(after),
    withoutResponse: withoutResponse === null ? null : String(withoutResponse),
    lostBps: lost(before, after),
    lostWithoutResponseBps: withoutResponse === null ? null : lost(before, withoutResponse),
  }
}

function lost(before: bigint, after: bigint): number {
  return before === 0n ? 0 : Number(((before - after) * 10_000n) / before)
}

function notesOn({ where, people, pace, blockSeconds, standing }: Drilled): string[] {
  return [
    'The time of the attack is its block’s, in whole seconds.',
    ...(people === 'played' && pace !== 1
      ? [
          `Played people are ${pace} times faster than real people and blocks are not: a block stands for ${Math.round(blockSeconds * pace)} s of real time, so a loss that depends on people is far too small.`,
        ]
      : []),
    ...(where.kind === 'embedded'
      ? [
          `The contracts${standing ? ' and the standing authorisation are' : ' are'} the drill’s: this shows how the response works, not whether your own contracts can be paused.`,
        ]
      : []),
    ...(where.kind === 'fork'
      ? [`Signatures of this drill name chain ${where.chainId} and are not valid on any other chain.`]
      : []),
    'The same scene without a response runs on a chain that nobody watches.',
  ]
}
