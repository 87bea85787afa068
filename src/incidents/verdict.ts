import type { Verdict } from '../model/incident.ts'
import { transaction } from '../store/store.ts'
import { insertVerdict } from '../store/verdicts.ts'
import { type IncidentContext, lockKnown, note } from './context.ts'

const WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  attack: 'an attack',
  'benign-trigger': 'an intended activity: the rule was right, and nobody was harmed',
  'false-alarm': 'a false alarm',
}

/**
 * Records a person's verdict on an incident, on its timeline too. A later verdict replaces it; calibration counts the
 * newest. Throws `incidents.UnknownIncident`.
 */
export async function giveVerdict(
  context: IncidentContext,
  given: Omit<Verdict, 'givenAt'>,
): Promise<Verdict> {
  const verdict = { ...given, givenAt: context.clock.now() }
  await transaction(context.store, async (tx) => {
    await lockKnown(tx, given.incidentId)
    await insertVerdict(tx, verdict)
    await note(
      { ...context, store: tx },
      {
        incidentId: given.incidentId,
        kind: 'verdict',
        author: given.author,
        message: `Found to be ${WORDS[given.verdict]}: ${given.reason}`,
        facts: { verdict: given.verdict },
      },
    )
  })
  return verdict
}
