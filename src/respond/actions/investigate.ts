import { z } from 'zod'
import { beyondOptions } from '../../investigate/gather/beyond-options.ts'
import { investigateTransactions } from '../../investigate/investigate.ts'
import { assert } from '../../kit/assert.ts'
import type { Action } from '../../playbooks/action.ts'
import { listFindings } from '../../store/findings.ts'
import { findIncident, listIncidents } from '../../store/incidents.ts'
import { summaryOf } from '../../words/investigation-summary.ts'
import { scopeFor } from '../chains.ts'
import type { App } from '../context.ts'
import { recordStep } from './record-step.ts'
import { chainOf, patiently } from './work.ts'

export const investigateArgs = z.strictObject({})

/** Transactions of one incident that are looked at together, the newest. */
const MOST = 20

/**
 * `investigate`: investigates the transactions of the incident as the chain has them now, puts the likeliest cause on the timeline
 * and the whole of it into the evidence. Its output is the root cause without hypotheses, victims and attackers.
 */
export function investigateAction(app: App): Action<z.infer<typeof investigateArgs>> {
  return {
    name: 'investigate',
    args: investigateArgs,
    run: (context) =>
      context.durable('investigate', async () => {
        const incident = await findIncident(app.store, context.incidentId)
        assert(incident !== undefined, 'a run has an incident')
        const { config, chainId } = chainOf(app, incident)
        const others = (await listIncidents(app.store)).filter(({ id }) => id !== incident.id)
        const recorded = await listFindings(app.store, incident.id)
        const beyond = await beyondOptions(app.config, { incidents: others })
        const found = await patiently(app, () =>
          investigateTransactions({
            source: config.rpcUrls[0] ?? '',
            hashes: incident.transactions.slice(-MOST),
            scope: scopeFor(app.config, chainId),
            names: app.names,
            full: false,
            recorded,
            beyond,
            tokens: app.config.tokens,
            decoding: { abis: app.config.abis ?? [] },
          }),
        )
        await recordStep(app, context, { kind: 'note', message: summaryOf(found, app.names), body: found })
        const { hypotheses: _hypotheses, ...cause } = found.rootCause
        return { rootCause: cause, victims: found.victims, attackers: found.attackers }
      }),
  }
}
