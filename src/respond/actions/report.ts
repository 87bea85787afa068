import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type ReportFormat, type ReportKind, reportFormats, reportKinds } from '../../model/report.ts'
import { reportDocument } from '../../reports/report.ts'
import { configuredAccounts } from '../../reports/share/defenders.ts'
import { type RecordSources, recordOf } from '../../reports/share/record-of.ts'
import { EXTENSIONS, renderReport, writeReport } from '../../reports/share/written-report.ts'
import type { App } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { recordStep } from './record-step.ts'

export const reportArgs = z.strictObject({
  formats: z.array(z.enum(reportFormats)).min(1),
  kind: z.enum(reportKinds).optional(),
})

/**
 * `report`: writes the incident's report into the data folder, one file for each format; their hashes go into the
 * evidence chain.
 */
export const reportKind: ActionKind<z.infer<typeof reportArgs>> = {
  name: 'report',
  args: reportArgs,
  open:
    (app) =>
    (context, { formats, kind = 'incident' }) =>
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
          await recordStep(app, context, {
            kind: 'report',
            message: `Report written: ${file}`,
            evidence: { kind: 'report', body },
          })
          files.push(body)
        }
        return { ...files[0], files }
      }),
}

type ReportName = { incidentId: string; kind?: ReportKind; format?: ReportFormat }

export function reportPath(
  dataDir: string,
  { incidentId, kind = 'incident', format = 'markdown' }: ReportName,
): string {
  const name = kind === 'incident' ? incidentId : `${incidentId}.${kind}`
  return join(resolve(dataDir, 'reports'), `${name}.${EXTENSIONS[format]}`)
}

/** The record of a running Cordon. */
export function recordSources({ store, clock, names, config, signers }: App): RecordSources {
  return { store, clock, names, own: configuredAccounts(config, { signers: signers.keys() }) }
}
