import type { ReportRequest } from '../model/report.ts'
import type { ReportDocument } from './document.ts'
import { incidentReport } from './incident-report.ts'
import { postmortem } from './postmortem.ts'
import type { IncidentRecord } from './record.ts'
import { redact } from './redact.ts'
import { tlpFor } from './tlp.ts'

const BUILDERS = { incident: incidentReport, postmortem } as const

/** A report on an incident as its audience may read it, marked. Throws `reports.AudienceTooWide`. */
export function reportDocument(record: IncidentRecord, request: ReportRequest): ReportDocument {
  const { kind, audience, tlp: asked } = request
  const tlp = tlpFor({ audience, asked, isClosed: record.incident.state === 'closed' })
  return { ...BUILDERS[kind](redact(record, audience)), tlp, audience }
}
