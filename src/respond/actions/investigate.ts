import { z } from 'zod'
import { patiently } from '../../chain/rpc/patiently.ts'
import { assert } from '../../kit/assert.ts'
import { listFindings } from '../../store/findings.ts'
import { findIncident, listIncidents } from '../../store/incidents.ts'
import { summaryOf } from '../../words/investigation-summary.ts'
import type { ActionKind } from './action-kind.ts'
import { recordStep } from './record-step.ts'
import { chainOf } from './work.ts'

export const investigateArgs = z.strictObject({})

/** Transactions of one incident that are looked at together, the newest. */
const MOST = 20

/**
 * `investigate`: investigates the transactions of the incident as the chain has them now, puts the likeliest cause on the timeline
 * and the whole of it into the evidence. Its output is the root cause without hypotheses, victims and attackers.
 */
export const investigateKind: ActionKind<z.infer<typeof investigateArgs>> = {
  name: 'investigate',
  args: investigateArgs,
  open:
    (app, { investigate }) =>
    (context) =>
      context.durable('investigate', async () => {
        const incident = await findIncident(app.store, context.incidentId)
        assert(incident !== undefined, 'a run has an incident')
        const chain = chainOf(app, incident)
        const others = (await listIncidents(app.store)).filter(({ id }) => id !== incident.id)
        const findings = await listFindings(app.store, incident.id)
        const transactions = incident.transactions.slice(-MOST)
        const found = await patiently(app, () => investigate(app, { chain, transactions, findings, others }))
        const { category, contract, function: name, confidence } = found.rootCause
        await recordStep(app, context, {
          kind: 'investigation',
          facts: { category, contract, function: name, confidence },
          message: summaryOf(found, app.names),
          evidence: { kind: 'investigation', body: found },
        })
        const { hypotheses: _hypotheses, ...cause } = found.rootCause
        return { rootCause: cause, victims: found.victims, attackers: found.attackers }
      }),
}
