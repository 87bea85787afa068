import type { Clock } from '../kit/clock.ts'
import { sha256 } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run } from '../model/playbook.ts'
import { pinPlaybook } from '../store/playbooks.ts'
import { insertRun } from '../store/runs.ts'
import { type Store, transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'

type Wish = {
  incident: Incident
  pinned: PinnedPlaybook /** `cordon`, or the person who began it. */
  author: string
  /** False where nobody is there to answer. Only a drill may have that; true by default. */
  people?: boolean
}

/**
 * Writes a run down, pinned, with its timeline entry. From then on it will be done: whoever runs playbooks on this
 * database begins it within two seconds, if the writer does not. An incident has one run of a playbook: the first.
 */
export async function writeRun(
  { store, clock }: { store: Store; clock: Clock },
  { incident, pinned, author, people = true }: Wish,
): Promise<Run> {
  const { playbook, contentHash } = pinned
  const now = clock.now()
  const wish: Run = {
    id: `run-${sha256(`${incident.id}\n${playbook.id}`).slice(0, 20)}`,
    incidentId: incident.id,
    playbookId: playbook.id,
    contentHash,
    state: 'running',
    startedAt: now,
    endedAt: null,
    people: people || incident.kind !== 'drill',
    steps: [],
  }
  return transaction(
    store,
    async (tx) => {
      await pinPlaybook(tx, pinned)
      const { run, created } = await insertRun(tx, wish, author)
      if (created) {
        await appendTimeline(tx, {
          incidentId: incident.id,
          kind: 'run',
          eventTime: now,
          discoveryTime: now,
          author: printable(author, 80),
          message: `Playbook ${playbook.id} begins: ${playbook.title}`,
          facts: { runId: run.id, playbookId: playbook.id, contentHash, steps: playbook.steps.length },
        })
      }
      return run
    },
    { idempotent: true },
  )
}
