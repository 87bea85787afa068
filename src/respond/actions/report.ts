import { join, resolve } from 'node:path'
import { z } from 'zod'
import { drillTimes } from '../../drills/times.ts'
import { verifyEvidence } from '../../incidents/ledger.ts'
import { getIncident } from '../../incidents/move.ts'
import type { Clock } from '../../kit/clock.ts'
import type { Evidence } from '../../model/evidence.ts'
import type { Address } from '../../model/hex.ts'
import { type Investigation, investigationSchema } from '../../model/investigation.ts'
import { type ReportFormat, type ReportKind, reportFormats, reportKinds } from '../../model/report.ts'
import { functionNames } from '../../names/function-names.ts'
import type { Action } from '../../playbooks/action.ts'
import type { IncidentRecord } from '../../reports/record.ts'
import { reportDocument } from '../../reports/report.ts'
import { EXTENSIONS, renderReport, writeReport } from '../../reports/share/written-report.ts'
import { listSigningTimes } from '../../store/drills.ts'
import { listEvidence } from '../../store/evidence.ts'
import { listFindings } from '../../store/findings.ts'
import { listPlans } from '../../store/plans.ts'
import { listRuns } from '../../store/runs.ts'
import type { Store } from '../../store/store.ts'
import { listTimeline } from '../../store/timeline.ts'
import type { App } from '../context.ts'
import { configuredAccounts, ownAccounts } from '../own-accounts.ts'
import { containmentsOf, proposalsIn, wordsIn } from '../told.ts'
import { recordStep } from './record-step.ts'

export const reportArgs = z.strictObject({
  formats: z.array(z.enum(reportFormats)).min(1),
  kind: z.enum(reportKinds).optional(),
})

/** `report`: writes the incident's report into the data folder, a file a format; their hashes go into the evidence chain. */
export function reportAction(app: App): Action<z.infer<typeof reportArgs>> {
  return {
    name: 'report',
    args: reportArgs,
    run: (context, { formats, kind = 'incident' }) =>
      context.durable('write', async () => {
        const report = reportDocument(await recordOf(recordSources(app), context.incidentId), {
          kind,
          audience: 'team',
        })
        const { tlp, audience } = report
        const files = []
        for (const format of new Set(formats)) {
          const file = reportPath(app.config.dataDir, { incidentId: context.incidentId, kind, format })
          const bytes = await renderReport(report, format)
          const body = { ...(await writeReport(file, bytes)), format, kind, tlp, audience }
          await recordStep(app, context, { kind: 'report', message: `Report written: ${file}`, body })
          files.push(body)
        }
        return { ...files[0], files }
      }),
  }
}

type ReportName = { incidentId: string; kind?: ReportKind; format?: ReportFormat }

export function reportPath(
  dataDir: string,
  { incidentId, kind = 'incident', format = 'markdown' }: ReportName,
): string {
  const name = kind === 'incident' ? incidentId : `${incidentId}.${kind}`
  return join(resolve(dataDir, 'reports'), `${name}.${EXTENSIONS[format]}`)
}

export type RecordSources = {
  store: Store
  clock: Clock
  names: ReadonlyMap<Address, string>
  /** Of the configuration; without one only what is on record is known. */
  own?: ReadonlyMap<Address, string> | undefined
}

/** The record of a running Cordon. */
export function recordSources({ store, clock, names, config, signers }: App): RecordSources {
  return { store, clock, names, own: configuredAccounts(config, { signers: signers.keys() }) }
}

/** All that is on record about an incident, for a report. Throws `incidents.UnknownIncident`. */
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
    investigation: newestInvestigation(links),
    times: drillTimes({ incident, timeline, evidence: links, runs, signedAt }),
    names,
    own: accounts,
    writtenAt: clock.now(),
  }
}

/** The newest that this version can read; null where there is none. */
function newestInvestigation(links: readonly Evidence[]): Investigation | null {
  for (const { kind, body } of links.toReversed()) {
    const found = kind === 'note' ? investigationSchema.safeParse(body) : undefined
    if (found?.success) return found.data
  }
  return null
}
