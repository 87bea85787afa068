import type { z } from 'zod'
import type { Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Action } from '../../playbooks/action.ts'
import type { App, ChainHandle } from '../context.ts'

/** The input of an investigation: the incident's newest transactions, earlier findings, and the other incidents. */
export type Investigated = {
  chain: ChainHandle
  transactions: readonly Hash[]
  findings: readonly Finding[]
  others: readonly Incident[]
}

/** Investigates with the current state of the chain. Supplied at the start: workflows do not import one another. */
export type InvestigateIncident = (app: App, incident: Investigated) => Promise<Investigation>

/** The functions of other workflows that actions use, supplied at the start. */
export type ActionTools = { investigate: InvestigateIncident }

/**
 * A kind of action: the arguments that a playbook may give it, and how it runs. To add a kind, add a file here and a
 * line in `registry.ts` (docs/guides/extending.md).
 */
export type ActionKind<Args = unknown> = {
  name: string
  args: z.ZodType<Args>
  open(app: App, tools: ActionTools): Action<Args>['run']
}
