import { systemClock } from '../../kit/clock.ts'
import { type DatabaseOptions, openDatabase } from '../../store/database.ts'
import { insertLevers, type LeverObservation, listLevers } from '../../store/levers.ts'
import type { DiscoveredLevers } from './levers.ts'

/** Records the discovered levers, next to a running Cordon or without one. Throws the errors of the store room. */
export async function storeLevers(options: DatabaseOptions, found: DiscoveredLevers): Promise<void> {
  const observedAt = systemClock.now()
  const { store, close } = await openDatabase(options)
  try {
    const observations = found.levers.map((lever) => ({ observedAt, block: found.block, lever }))
    await insertLevers(store, observations)
  } finally {
    await close()
  }
}

/** The newest observation of each recorded lever. Throws the errors of the store room. */
export async function readLevers(options: DatabaseOptions): Promise<LeverObservation[]> {
  const { store, close } = await openDatabase(options)
  try {
    return await listLevers(store)
  } finally {
    await close()
  }
}
