import { systemClock } from '../../kit/clock.ts'
import { type DatabaseOptions, openDatabase } from '../../store/database.ts'
import { insertLevers, type LeverObservation, listLevers } from '../../store/levers.ts'
import type { DiscoveredLevers } from './levers.ts'

/** Puts what was discovered on record, beside a running Cordon or without one. Throws what the store room throws. */
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

/** The newest observation of each lever on record. Throws what the store room throws. */
export async function readLevers(options: DatabaseOptions): Promise<LeverObservation[]> {
  const { store, close } = await openDatabase(options)
  try {
    return await listLevers(store)
  } finally {
    await close()
  }
}
