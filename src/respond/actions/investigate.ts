import { z } from 'zod'
import { assert } from '../../kit/assert.ts'
import type { Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Action } from '../../playbooks/action.ts'
import { listFindings } from '../../store/findings.ts'
import { findIncident, listIncidents } from '../../store/incidents.ts'
import { summaryOf } from '../../words/investigation-summary.ts'
import type { App, ChainHandle } from '../context.ts'
import { recordStep } from './record-step.ts'
import { chainOf, patiently } from './work.ts'

export const investigateArgs = z.strictObject({})

/** What an investigation starts from: the incident's newest transactions, what was found then, and the other incidents. */
export type Investigated = {
  chain: ChainHandle
  transactions: readonly Hash[]
  findings: readonly Finding[]
  others: readonly Incident[]
}

/** Investigates with what the chain says now. Given by the start: workflows do not know one another. */
export type InvestigateIncident = (app: App, incident: Investigated) => Promise<Investigation>

/** Transactions of one incident that are looked at together, the newest. */
const MOST = 20

/**
 * `investigate`: investigates the transactions of the incident as the chain has them now, puts the likeliest cause on the timeline
 * and the whole of it into the evidence. Its output is the root cause without hypotheses, victims and attackers.
 */
export function investigateAction(
  app: App,
  investigate: InvestigateIncident,
): Action<z.infer<typeof investigateArgs>> {
  return {
    name: 'investigate',
    args: investigateArgs,
    run: (context) =>
      context.durable('investigate', async () => {
        const incident = await findIncident(app.store, context.incidentId)
        assert(incident !== undefined, 'a run has an incident')
        const chain = chainOf(app, incident)
        const others = (await listIncidents(app.store)).filter(({ id }) => id !== incident.id)
        const findings = await listFindings(app.store, incident.id)
        const transactions = incident.transactions.slice(-MOST)
        const found = await patiently(app, () => investigate(app, { chain, transactions, findings, others }))
        await recordStep(app, context, {
          kind: 'investigation',
          message: summaryOf(found, app.names),
          evidence: { kind: 'investigation', body: found },
        })
        const { hypotheses: _hypotheses, ...cause } = found.rootCause
        return { rootCause: cause, victims: found.victims, attackers: found.attackers }
      }),
  }
}
