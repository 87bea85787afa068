import type { z } from 'zod'
import type { Approval, ApprovalTerms, ApprovalVerdict } from '../model/approval.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { chainVerdictSchema, Evidence } from '../model/evidence.ts'
import type { Finding, Severity } from '../model/finding.ts'
import type { Health } from '../model/health.ts'
import type { Incident, IncidentState } from '../model/incident.ts'
import type { LiveLine } from '../model/line.ts'
import type { Run } from '../model/playbook.ts'
import type { HandingQuery, ReportQuery } from '../model/report.ts'
import type { TimelineEntry } from '../model/timeline.ts'

export type IncidentQuery = { states?: readonly IncidentState[]; minSeverity?: Severity; limit: number }

export type EvidenceChain = { links: Evidence[]; verdict: z.infer<typeof chainVerdictSchema> }

/** A timeline entry with its position in the whole record: positions grow, but commit out of order. */
export type PositionedEntry = TimelineEntry & { position: number }

/** The sources that the API reads: the other rooms' functions, passed in by app. They throw CordonErrors. */
export type ApiSources = ReadSources & SharingSources & ApprovalSources & FeedSources

export type ReadSources = {
  /** Never throws: it reports an unavailable database. */
  health(): Promise<Health>
  listIncidents(query: IncidentQuery): Promise<Incident[]>
  /** Throws `incidents.UnknownIncident`, as do those below it up to `report`. */
  getIncident(id: string): Promise<Incident>
  timeline(id: string, after: number): Promise<TimelineEntry[]>
  evidence(id: string): Promise<EvidenceChain>
  findings(id: string): Promise<Finding[]>
  runs(id: string): Promise<Run[]>
  /** As bytes; text in UTF-8. Also throws `reports.AudienceTooWide`. */
  report(id: string, query: ReportQuery): Promise<Uint8Array>
  /** Throws `playbooks.UnknownRun`. */
  run(id: string): Promise<Run>
}

/** Both throw `incidents.UnknownIncident`, `reports.AudienceTooWide`. */
export type SharingSources = {
  shared(id: string, what: 'stix' | 'addresses', query: HandingQuery): Promise<string>
  /** Records the export. `head` is that of the evidence chain in it. */
  export(id: string, query: HandingQuery): Promise<{ bytes: Uint8Array; name: string; head: string }>
}

/** A containment plan, with the signatures about it so far. */
export type PlanState = { plan: ContainmentPlan; verdict: ApprovalVerdict; isSent: boolean }

/** The terms to sign about a plan, and their EIP-712 message for a wallet. */
export type ApprovalOffer = { terms: ApprovalTerms; typedData: unknown }

export type ApprovalSources = {
  /** Throws `incidents.UnknownIncident`. */
  plans(incidentId: string): Promise<PlanState[]>
  /** Throws `app.UnknownPlan`. */
  approvalOffer(planId: string, decision: ApprovalTerms['decision']): Promise<ApprovalOffer>
  /** Stores the signature in every case, and returns whether it counts. Throws `app.UnknownPlan`. */
  giveApproval(
    approval: Omit<Approval, 'givenAt'>,
  ): Promise<{ verdict: ApprovalVerdict; notCounted: string | null }>
}

export type FeedSources = {
  /** Calls `listener` with every event from now on; returns a function that stops it. */
  subscribe(listener: (line: LiveLine) => void): () => void
  /** Entries of all incidents after a position, oldest first; a page of them if there are many. */
  timelineAfter(position: number): Promise<PositionedEntry[]>
  /** The newest position; 0 if the record is empty. */
  lastPosition(): Promise<number>
}
