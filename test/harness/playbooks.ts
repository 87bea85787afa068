import { z } from 'zod'
import { systemClock } from '../../src/kit/clock.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import type { Incident } from '../../src/model/incident.ts'
import type { PinnedPlaybook, Run } from '../../src/model/playbook.ts'
import type { Action } from '../../src/playbooks/action.ts'
import { linkPlaybooks } from '../../src/playbooks/link.ts'
import { parsePlaybook } from '../../src/playbooks/parse.ts'
import { type Playbooks, startPlaybooks } from '../../src/playbooks/runner.ts'
import { findIncident, insertIncidents } from '../../src/store/incidents.ts'
import { closeStore, openStore, type Store } from '../../src/store/store.ts'
import { freshDatabase } from './postgres.ts'

export type Stage = {
  store: Store
  url: string
  /** The steps that the actions ran, in order: the step's id, with its `say` if it has one. */
  done: string[]
  start(): Promise<Playbooks>
  incident(over?: Partial<Incident>): Promise<Incident>
  close(): Promise<void>
}

let made = 0
const anything = z.record(z.string(), z.unknown())

/**
 * A database with some actions: `act` records its `say` text, `give` returns its arguments as its output, `fail` fails,
 * `follow` waits for another step.
 */
export async function stage(): Promise<Stage> {
  const database = await freshDatabase()
  const store = await openStore({ url: database.url, logger: silentLogger })
  const done: string[] = []
  let running: Playbooks | undefined
  const act = (name: string, run: Action['run']): Action => ({ name, args: anything, run })
  const note = (stepId: string, args: unknown): void => {
    const { say } = anything.parse(args)
    done.push(say === undefined ? stepId : `${stepId}: ${String(say)}`)
  }
  const actions = [
    act('act', async (context, args) => context.durable('work', async () => note(context.stepId, args))),
    act('give', async (context, args) => context.durable('work', async () => args)),
    act('fail', () => Promise.reject(new TypeError('no'))),
    act('follow', async (context, args) => {
      const { step } = anything.parse(args)
      await context.durable('work', async () => {
        while (!done.includes(String(step))) await systemClock.sleep(5)
      })
      note(context.stepId, {})
    }),
    act('slow', async (context, args) => {
      await context.durable('work', () => systemClock.sleep(Number(anything.parse(args)['ms'])))
      note(context.stepId, {})
    }),
  ]
  return {
    store,
    url: database.url,
    done,
    async start() {
      await running?.stop()
      running = await startPlaybooks({
        databaseUrl: database.url,
        store,
        actions,
        clock: systemClock,
        logger: silentLogger,
      })
      return running
    },
    incident: (over) => anIncident(store, over),
    async close() {
      await running?.stop()
      await closeStore(store)
      await database.drop()
    },
  }
}

async function anIncident(store: Store, over: Partial<Incident> = {}): Promise<Incident> {
  const id = `inc-${++made}`
  const lists = { categories: [], protected: [], victims: [], actors: [], transactions: [] }
  const base = { type: 'incident', kind: 'normal', state: 'open', title: 'x', chainId: 1 } as const
  await insertIncidents(store, [
    {
      ...base,
      ...lists,
      id,
      severity: 'high',
      startedAt: null,
      discoveredAt: 0,
      foundLate: false,
      ...over,
    },
  ])
  const incident = await findIncident(store, id)
  if (!incident) throw new Error('no incident')
  return incident
}

const HEAD = 'title: T\nowner: operations\nlevel: test\ndescription: x\nwhen: { severity: low }\n'

/** A playbook from the YAML of its steps, with the playbooks that it calls. */
export function playbookOf(steps: string, called: Readonly<Record<string, string>> = {}): PinnedPlaybook {
  const loaded = Object.entries({ testing: steps, ...called }).map(([id, text]) => ({
    file: `${id}.yaml`,
    pinned: parsePlaybook(`id: ${id}\n${HEAD}steps:\n${text}`, `${id}.yaml`),
  }))
  const [first] = linkPlaybooks(loaded)
  if (first === undefined) throw new Error('no playbook')
  return first
}

export const statesOf = (run: Run): string[] => run.steps.map(({ stepId, state }) => `${stepId} ${state}`)
