import type { ChainVerdict } from '../../incidents/ledger.ts'
import { verifyEvidence } from '../../incidents/ledger.ts'
import { getIncident } from '../../incidents/move.ts'
import { record } from '../../incidents/record.ts'
import { type TimelineVerdict, verifyTimeline } from '../../incidents/timeline-chain.ts'
import { giveVerdict } from '../../incidents/verdict.ts'
import { type RecordVerdict, verifyRecord } from '../../incidents/verify-record.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident, Verdict } from '../../model/incident.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Reporter, ReportRequest } from '../../model/report.ts'
import { openDatabase } from '../../store/database.ts'
import { listIncidents, timelineEnd } from '../../store/incidents.ts'
import { listRemarks, type Remark } from '../../store/remarks.ts'
import { transaction } from '../../store/store.ts'
import { listChained } from '../../store/timeline.ts'
import { summaryOf } from '../../words/investigation-summary.ts'
import type { ReportDocument } from '../document.ts'
import type { Handing } from '../outgoing.ts'
import type { IncidentRecord } from '../record.ts'
import { reportDocument } from '../report.ts'
import { exportIncident, type Given, type IncidentExport, recordExport } from './export.ts'
import { type Handed, handedOf } from './handed.ts'
import { recordOf } from './record-of.ts'

/** The record, for reading: next to a running Cordon or without one. */
export type IncidentArchive = {
  list(): Promise<Incident[]>
  record(id: string): Promise<IncidentRecord>
  /** Also throws `reports.AudienceTooWide`. */
  report(id: string, request: ReportRequest): Promise<ReportDocument>
  /** The shared form of an incident. Also throws `reports.AudienceTooWide`. */
  handed(id: string, handing: Handing): Promise<Handed>
  /** The self-verifying archive; the ledger records that it was exported. */
  export(id: string, handing: Handing & { reporter?: Reporter | undefined }): Promise<IncidentExport>
  /** Records that something else was exported. */
  recordExport(id: string, given: Given): Promise<void>
  /** The evidence chain of an incident, and its timeline. */
  verify(id: string): Promise<ChainVerdict & { timeline: TimelineVerdict }>
  /** Verifies the whole record, and that it contains the seals with these hashes. */
  verifyAll(heads: readonly string[]): Promise<RecordVerdict>
  /** Records a person's verdict about an incident; calibration counts it. */
  giveVerdict(given: Omit<Verdict, 'givenAt'>): Promise<Verdict>
  /** Adds a person's investigation to the timeline, and all of it to the evidence. */
  recordInvestigation(id: string, found: Investigation): Promise<void>
  /** The newest findings that belong to no incident: raised in shadow or at a low level. */
  remarks(limit: number): Promise<Remark[]>
  close(): Promise<void>
}

export type ArchiveOptions = {
  dataDir: string
  names: ReadonlyMap<Address, string>
  /** Accounts of the defenders that the configuration names. */
  own?: ReadonlyMap<Address, string> | undefined
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/**
 * Opens the database of a data folder. Throws the errors of the store room; its functions `incidents.UnknownIncident`.
 */
export async function openArchive({
  dataDir,
  names,
  own,
  env,
  logger,
}: ArchiveOptions): Promise<IncidentArchive> {
  const { store, close } = await openDatabase({ dataDir, env, logger })
  const context = { store, clock: systemClock }
  const recordNow = (id: string): Promise<IncidentRecord> => recordOf({ ...context, names, own }, id)
  return {
    list: () => listIncidents(store),
    record: recordNow,
    report: async (id, request) => reportDocument(await recordNow(id), request),
    handed: async (id, handing) => handedOf(await recordNow(id), handing),
    export: (id, { reporter, ...handing }) =>
      exportIncident({ ...context, names, own, dataDir, reporter }, id, handing),
    recordExport: (id, given) => recordExport(context, id, given),
    async verify(id) {
      await getIncident(context, id)
      return transaction(store, async (tx) => {
        const evidence = await verifyEvidence({ ...context, store: tx }, id)
        return { ...evidence, timeline: verifyTimeline(await listChained(tx, id), await timelineEnd(tx, id)) }
      })
    },
    verifyAll: (heads) => verifyRecord(store, heads),
    giveVerdict: (given) => giveVerdict(context, given),
    recordInvestigation: (id, found) =>
      transaction(store, async (tx) => {
        const inside = { ...context, store: tx }
        await getIncident(inside, id)
        const message = summaryOf(found, names)
        await record(
          inside,
          { incidentId: id, kind: 'investigation', message },
          { kind: 'investigation', body: found },
        )
      }),
    remarks: (limit) => listRemarks(store, limit),
    close,
  }
}
