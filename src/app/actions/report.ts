import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { verifyEvidence } from '../../incidents/ledger.ts'
import { getIncident } from '../../incidents/move.ts'
import type { Clock } from '../../kit/clock.ts'
import { sha256 } from '../../kit/json.ts'
import type { Address } from '../../model/hex.ts'
import type { Action } from '../../playbooks/action.ts'
import type { IncidentRecord } from '../../reports/incident-report.ts'
import { incidentReport } from '../../reports/incident-report.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { listFindings } from '../../store/findings.ts'
import { listPlans, listSimulations, listVerifications } from '../../store/plans.ts'
import { listRuns } from '../../store/runs.ts'
import type { Store } from '../../store/store.ts'
import { listTimeline } from '../../store/timeline.ts'
import type { App } from '../context.ts'
import { recordStep } from './record-step.ts'

export const reportArgs = z.strictObject({ formats: z.array(z.enum(['markdown'])).min(1) })

/** `report`: writes the incident's report into the data folder; its hash goes into the evidence chain. */
export function reportAction(app: App): Action<z.infer<typeof reportArgs>> {
  return {
    name: 'report',
    args: reportArgs,
    run: (context) =>
      context.durable('write', async () => {
        const text = incidentReport(await recordOf(app, context.incidentId))
        const file = reportPath(app.config.dataDir, context.incidentId)
        await mkdir(resolve(app.config.dataDir, 'reports'), { recursive: true })
        // Whole or not at all: somebody may be reading the one before.
        await writeFile(`${file}.new`, text)
        await rename(`${file}.new`, file)
        const body = { file, sha256: sha256(text) }
        await recordStep(app, context, { kind: 'report', message: `Report written: ${file}`, body })
        return body
      }),
  }
}

export function reportPath(dataDir: string, incidentId: string): string {
  return join(resolve(dataDir, 'reports'), `${incidentId}.md`)
}

type Sources = { store: Store; clock: Clock; names: ReadonlyMap<Address, string> }

/** All that is on record about an incident, for a report. Throws `incidents.UnknownIncident`. */
export async function recordOf(
  { store, clock, names }: Sources,
  incidentId: string,
): Promise<IncidentRecord> {
  const context = { store, clock }
  const incident = await getIncident(context, incidentId)
  const [findings, timeline, runs, plans, evidence] = await Promise.all([
    listFindings(store, incidentId),
    listTimeline(store, incidentId),
    listRuns(store, incidentId),
    listPlans(store, incidentId),
    verifyEvidence(context, incidentId),
  ])
  const containments = await Promise.all(
    plans.map(async (plan) => ({
      plan,
      simulation: (await listSimulations(store, plan.id)).at(-1) ?? null,
      broadcast: (await findBroadcast(store, plan.id)) ?? null,
      verification: (await listVerifications(store, plan.id)).at(-1) ?? null,
    })),
  )
  return { incident, findings, timeline, runs, containments, evidence, names, writtenAt: clock.now() }
}
