import type { z } from 'zod'
import type { Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Action } from '../../playbooks/action.ts'
import type { App, ChainHandle } from '../context.ts'

/** What an investigation starts from: the incident's newest transactions, what was found then, and the other incidents. */
export type Investigated = {
  chain: ChainHandle
  transactions: readonly Hash[]
  findings: readonly Finding[]
  others: readonly Incident[]
}

/** Investigates with what the chain says now. Given by the start: workflows do not know one another. */
export type InvestigateIncident = (app: App, incident: Investigated) => Promise<Investigation>

/** What other workflows do for actions, given by the start. */
export type ActionTools = { investigate: InvestigateIncident }

/**
 * A kind of action: what playbooks may write about it, and how it is carried out. A new kind is a file here and a line in
 * `registry.ts` (docs/guides/extending.md).
 */
export type ActionKind<Args = unknown> = {
  name: string
  args: z.ZodType<Args>
  open(app: App, tools: ActionTools): Action<Args>['run']
}
