import { within } from '../../kit/within.ts'
import type { Health } from '../../model/health.ts'
import { countUndelivered } from '../../store/notifications.ts'
import type { App } from '../context.ts'
import { healthOf } from './health-of.ts'
import { inputsOf } from './inputs.ts'
import { emptySight } from './sight.ts'

/** A database that takes longer than this counts as down. */
const PATIENCE_MS = 2_000
const DAY_MS = 86_400_000

/** Reads the health of a running app. Never throws, and is never late: it waits for neither chain nor database. */
export function healthReader(app: App): () => Promise<Health> {
  const { clock, chains, sights } = app
  const undelivered = databaseQuestion(app)
  return async () => {
    const undeliveredPages = await undelivered()
    const now = clock.now()
    const inputs = [...chains.values()].map((chain) =>
      inputsOf(chain, sights.get(chain.chainId) ?? emptySight(now)),
    )
    return healthOf({ database: { up: undeliveredPages !== null }, undeliveredPages, chains: inputs }, now)
  }
}

/**
 * Pages of the last day that reached nobody; null if the database does not answer in time. Only one query runs at a
 * time: the store waits long for a lost database, and the endpoint is open to everybody.
 */
function databaseQuestion({ store, clock }: App): () => Promise<number | null> {
  let asking: Promise<number | null> | undefined
  return async () => {
    asking ??= countUndelivered(store, clock.now() - DAY_MS)
      .catch(() => null)
      .finally(() => {
        asking = undefined
      })
    return within(asking, PATIENCE_MS)
  }
}
