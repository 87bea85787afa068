import { byWeight } from '../../model/alert.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { lockIncident } from '../../store/incidents.ts'
import { listTakenBy, takeOwed } from '../../store/owed-answers.ts'
import { transaction } from '../../store/store.ts'
import type { App } from '../context.ts'

/**
 * Maximum number of attack transactions that one step tries levers against, those with the strongest findings first.
 */
const MOST_TRIED = 3

/**
 * The attack transactions that this run answers: those that started it and those that arrived since. The strongest
 * findings come first, so that a decoy next to an attack is not answered instead. Empty if none is known.
 */
export async function attacksOwed(app: App, { incidentId, run }: ActionContext): Promise<Hash[]> {
  return transaction(
    app.store,
    async (tx) => {
      const incident = await lockIncident(tx, incidentId)
      // a closed incident owes nothing, and a contained one is already answered
      if (incident?.state === 'open') await takeOwed(tx, [{ incidentId, by: run.id }])
      const alerts = (await listTakenBy(tx, run.id)).map(({ alert }) => alert)
      const hashes = byWeight(alerts).flatMap(({ transactionHash }) => transactionHash ?? [])
      return [...new Set(hashes)].slice(0, MOST_TRIED)
    },
    { idempotent: true },
  )
}

/** The incident with this transaction as its newest: the transaction that is examined first. */
export function focusedOn(incident: Incident, hash: Hash | null | undefined): Incident {
  if (hash === null || hash === undefined) return incident
  return { ...incident, transactions: [...incident.transactions.filter((other) => other !== hash), hash] }
}
