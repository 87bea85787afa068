import type { z } from 'zod'
import type { chainVerdictSchema, Evidence } from '../model/evidence.ts'
import type { Finding, Severity } from '../model/finding.ts'
import type { Health } from '../model/health.ts'
import type { Incident, IncidentState, TimelineEntry } from '../model/incident.ts'
import type { LiveLine } from '../model/line.ts'
import type { Run } from '../model/playbook.ts'

export type IncidentQuery = { states?: readonly IncidentState[]; minSeverity?: Severity; limit: number }

export type EvidenceChain = { links: Evidence[]; verdict: z.infer<typeof chainVerdictSchema> }

/** A timeline entry with its place in the whole record: positions grow, but commit out of order. */
export type PositionedEntry = TimelineEntry & { position: number }

/** What the API reads: the other rooms' functions, handed in by app. They throw CordonErrors. */
export type ApiSources = ReadSources & FeedSources

export type ReadSources = {
  /** Never throws: a database that is away is what it tells. */
  health(): Promise<Health>
  listIncidents(query: IncidentQuery): Promise<Incident[]>
  /** Throws `incidents.UnknownIncident`, as do those below it up to `report`. */
  getIncident(id: string): Promise<Incident>
  timeline(id: string, after: number): Promise<TimelineEntry[]>
  evidence(id: string): Promise<EvidenceChain>
  findings(id: string): Promise<Finding[]>
  runs(id: string): Promise<Run[]>
  /** Markdown. */
  report(id: string): Promise<string>
  /** Throws `playbooks.UnknownRun`. */
  run(id: string): Promise<Run>
}

export type FeedSources = {
  /** Calls `listener` with all that happens from now on; gives back how to stop. */
  subscribe(listener: (line: LiveLine) => void): () => void
  /** Entries of all incidents after a position, oldest first; a page of them where there are many. */
  timelineAfter(position: number): Promise<PositionedEntry[]>
  /** The newest position; 0 where the record is empty. */
  lastPosition(): Promise<number>
}
