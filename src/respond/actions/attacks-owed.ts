import { byWeight } from '../../model/alert.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { lockIncident } from '../../store/incidents.ts'
import { listTakenBy, takeOwed } from '../../store/owed-answers.ts'
import { transaction } from '../../store/store.ts'
import type { App } from '../context.ts'

/** Attack transactions that levers are tried against in one step, at most: what says most comes first. */
const MOST_TRIED = 3

/**
 * The attack transactions that this run answers: those that it was begun for, and those that came until now. The ones that
 * say most first, so that a decoy beside an attack is not what is answered. Empty where none is known.
 */
export async function attacksOwed(app: App, { incidentId, run }: ActionContext): Promise<Hash[]> {
  return transaction(
    app.store,
    async (tx) => {
      const incident = await lockIncident(tx, incidentId)
      // one that is over owes nothing, and one that is contained is answered
      if (incident?.state === 'open') await takeOwed(tx, [{ incidentId, by: run.id }])
      const alerts = (await listTakenBy(tx, run.id)).map(({ alert }) => alert)
      const hashes = byWeight(alerts).flatMap(({ transactionHash }) => transactionHash ?? [])
      return [...new Set(hashes)].slice(0, MOST_TRIED)
    },
    { idempotent: true },
  )
}

/** The incident with this transaction as its newest: the one that is looked at first. */
export function focusedOn(incident: Incident, hash: Hash | null | undefined): Incident {
  if (hash === null || hash === undefined) return incident
  return { ...incident, transactions: [...incident.transactions.filter((other) => other !== hash), hash] }
}
