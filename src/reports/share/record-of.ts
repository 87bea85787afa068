import type { z } from 'zod'
import { verifyEvidence } from '../../incidents/ledger.ts'
import { getIncident } from '../../incidents/move.ts'
import type { Clock } from '../../kit/clock.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { bodiesOf, type Evidence, type lexiconSchema } from '../../model/evidence.ts'
import type { Address } from '../../model/hex.ts'
import { functionNames } from '../../names/function-names.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { listSigningTimes } from '../../store/drills.ts'
import { listEvidence } from '../../store/evidence.ts'
import { listFindings } from '../../store/findings.ts'
import { listPlans, listSimulations, listVerifications } from '../../store/plans.ts'
import { listRuns } from '../../store/runs.ts'
import type { Store } from '../../store/store.ts'
import { listTimeline } from '../../store/timeline.ts'
import type { Containment, IncidentRecord } from '../record.ts'
import { drillTimes } from '../response-times.ts'
import { ownAccounts } from './defenders.ts'

export type RecordSources = {
  store: Store
  clock: Clock
  names: ReadonlyMap<Address, string>
  /** From the configuration; without one only recorded accounts are known. */
  own?: ReadonlyMap<Address, string> | undefined
}

/** Everything on record about an incident, for a report. Throws `incidents.UnknownIncident`. */
export async function recordOf(
  { store, clock, names, own = new Map() }: RecordSources,
  incidentId: string,
): Promise<IncidentRecord> {
  const context = { store, clock }
  const incident = await getIncident(context, incidentId)
  const [findings, timeline, runs, plans, evidence, links, signedAt, accounts] = await Promise.all([
    listFindings(store, incidentId),
    listTimeline(store, incidentId),
    listRuns(store, incidentId),
    listPlans(store, incidentId),
    verifyEvidence(context, incidentId),
    listEvidence(store, incidentId),
    listSigningTimes(store, incidentId),
    ownAccounts(store, own),
  ])
  const containments = await containmentsOf(store, plans)
  const { assets, stakes, functions } = wordsIn(links)
  return {
    incident,
    findings,
    timeline,
    runs,
    containments,
    proposals: proposalsIn(links),
    assets,
    stakes,
    functions: new Map([...functionNames, ...Object.entries(functions)]),
    evidence,
    investigation: bodiesOf(links, 'investigation').at(-1)?.body ?? null,
    times: drillTimes({ incident, timeline, evidence: links, runs, signedAt }),
    names,
    own: accounts,
    writtenAt: clock.now(),
  }
}

export type Words = z.infer<typeof lexiconSchema>

const NO_WORDS: Words = { assets: [], stakes: [], functions: {} }

/** The names that were stored last; none if nobody was notified yet. */
export function wordsIn(links: readonly Evidence[]): Words {
  const kept = bodiesOf(links, 'notification').flatMap(({ body }) => body.notification.facts.words ?? [])
  return kept.at(-1) ?? NO_WORDS
}

/** The reasons why plans were left to people, by plan: the last reasons recorded. */
export function proposalsIn(links: readonly Evidence[]): ReadonlyMap<string, readonly string[]> {
  return new Map(bodiesOf(links, 'proposal').map(({ body }) => [body.planId, body.reasons]))
}

/** Each plan of an incident with its newest records. */
export async function containmentsOf(
  store: Store,
  plans: readonly ContainmentPlan[],
): Promise<Containment[]> {
  return Promise.all(
    plans.map(async (plan) => ({
      plan,
      simulation: (await listSimulations(store, plan.id)).at(-1) ?? null,
      broadcast: (await findBroadcast(store, plan.id)) ?? null,
      verification: (await listVerifications(store, plan.id)).at(-1) ?? null,
    })),
  )
}
