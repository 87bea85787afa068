import { assert } from '../kit/assert.ts'
import type { Clock } from '../kit/clock.ts'
import { sha256 } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run } from '../model/playbook.ts'
import { pinPlaybook } from '../store/playbooks.ts'
import { findRunOf, insertRuns } from '../store/runs.ts'
import { type Store, transaction } from '../store/store.ts'
import { appendTimelines, type NewTimelineEntry } from '../store/timeline.ts'

export type Wish = {
  incident: Incident
  pinned: PinnedPlaybook
  /** `cordon`, or the person who began it. */
  author: string
  /** Above 1 if the incident is open again and is answered again. */
  attempt?: number
  /** False if nobody is there to answer. Only a drill may have that; true by default. */
  people?: boolean
}

/**
 * Records a run, pinned, with its timeline entry. From then on it will be carried out: a process that runs playbooks on
 * this database begins it within two seconds, if the writer does not. An incident has one run of a playbook for each
 * time that it is open.
 */
export async function writeRun(context: { store: Store; clock: Clock }, wish: Wish): Promise<Run> {
  const [run] = await writeRuns(context, [wish])
  assert(run !== undefined, 'one wish, one run')
  return run
}

/** The same for many incidents, all or nothing, in a handful of statements; in the order of the requests. */
export async function writeRuns(
  { store, clock }: { store: Store; clock: Clock },
  wishes: readonly Wish[],
): Promise<Run[]> {
  if (wishes.length === 0) return []
  const now = clock.now()
  const runs = wishes.map((wish) => ({ wish, run: runOf(wish, now) }))
  const playbooks = new Map(wishes.map(({ pinned }) => [pinned.contentHash, pinned]))
  return transaction(
    store,
    async (tx) => {
      for (const pinned of playbooks.values()) await pinPlaybook(tx, pinned)
      const written = runs.map(({ wish, run }) => ({ run, author: wish.author }))
      const created = new Set(await insertRuns(tx, written))
      const begun = runs.filter(({ run }) => created.has(run.id))
      await appendTimelines(
        tx,
        begun.map(({ wish, run }) => beginning(wish, run)),
      )
      const all: Run[] = []
      for (const { run } of runs) all.push(created.has(run.id) ? run : await firstOf(tx, run))
      return all
    },
    { idempotent: true },
  )
}

/** The run that was recorded there before. */
async function firstOf(tx: Store, run: Run): Promise<Run> {
  return (await findRunOf(tx, run)) ?? run
}

function runOf({ incident, pinned, people = true, attempt = 1 }: Wish, now: number): Run {
  const { playbook, contentHash } = pinned
  const again = attempt === 1 ? '' : `\n${attempt}`
  return {
    id: `run-${sha256(`${incident.id}\n${playbook.id}${again}`).slice(0, 20)}`,
    incidentId: incident.id,
    playbookId: playbook.id,
    contentHash,
    attempt,
    state: 'running',
    startedAt: now,
    endedAt: null,
    people: people || incident.kind !== 'drill',
    steps: [],
  }
}

function beginning({ pinned: { playbook, contentHash }, author }: Wish, run: Run): NewTimelineEntry {
  return {
    incidentId: run.incidentId,
    kind: 'run',
    eventTime: run.startedAt,
    discoveryTime: run.startedAt,
    author: printable(author, 80),
    message: `Playbook ${playbook.id} begins: ${playbook.title}`,
    facts: { runId: run.id, playbookId: playbook.id, contentHash, steps: playbook.steps.length },
  }
}
