import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { DrillReport, ReachedPerson, ReachTest } from '../model/drill.ts'
import { reachedPeople } from '../model/drill.ts'
import { listDrills, listReachEntries, listReachTests } from '../store/drills.ts'
import type { Store } from '../store/store.ts'
import { drillReport, reachReport } from './report.ts'

export type Reach = { test: ReachTest; people: readonly ReachedPerson[] }

export type DrillArchive = {
  drills: readonly DrillReport[]
  reaches: readonly Reach[]
  /** One by its id, or the newest of all. Throws `drill.Unknown`. */
  find(id: string | undefined): Promise<{ document: unknown; markdown: string }>
}

/** All drills and reach tests, newest first. */
export async function archiveOf(store: Store): Promise<DrillArchive> {
  const drills = await listDrills(store)
  const reaches = await Promise.all((await listReachTests(store)).map((test) => reachOf(store, test)))
  return {
    drills,
    reaches,
    async find(id) {
      const all = [
        ...drills.map((drill) => ({ ...drill, document: drill, markdown: drillReport(drill) })),
        ...reaches.map(({ test, people }) => ({
          ...test,
          document: { type: 'reach', ...test, people },
          markdown: reachReport(test, people),
        })),
      ].sort((a, b) => b.startedAt - a.startedAt)
      const found = id === undefined ? all[0] : all.find((one) => one.id === id)
      if (found !== undefined) return found
      throw unknown(id, all)
    },
  }
}

/** A reach test with its results so far. */
export async function reachOf(store: Store, test: ReachTest): Promise<Reach> {
  return { test, people: reachedPeople(test, await listReachEntries(store, test.id)) }
}

function unknown(id: string | undefined, all: readonly { id: string }[]): CordonError {
  return new CordonError({
    code: 'drill.Unknown',
    message:
      id === undefined ? 'There is no drill on record yet.' : `There is no drill ${printable(id, 60)}.`,
    facts: { known: all.slice(0, 10).map((one) => one.id) },
    fix: 'Run one with `cordon drill run`, or list them with `cordon drill list`.',
  })
}
