import type { Health } from '../model/health.ts'
import { lastTimelinePosition } from '../store/timeline.ts'
import type { App } from './context.ts'

/** A chain whose last block is older is not watched as it should be. */
const LATE_SECONDS = 120
/** A database that takes longer is down for whoever asks. */
const PATIENCE_MS = 2_000

export type HealthWatch = { read(): Promise<Health>; stop(): void }

/** `timestamp` is the block's own, or when it was seen where a block has none; seconds. */
type Seen = { number: number; timestamp: number }

/** Follows what the watchers tell, so that health can be told without asking a chain. */
export function watchHealth(app: App): HealthWatch {
  const seen = new Map<number, Seen>()
  const see = (chainId: number): void => {
    const last = app.chains.get(chainId)?.engine.unfinalised.at(-1)
    if (last === undefined) return
    seen.set(chainId, { number: last.ref.number, timestamp: last.timestamp ?? app.clock.now() / 1000 })
  }
  for (const chainId of app.chains.keys()) see(chainId)
  const stop = app.hub.listen((line) => {
    if (line.type === 'block') see(line.chainId)
  })
  const isUp = databaseProbe(app)
  return {
    stop,
    async read() {
      const chains = [...app.chains.keys()].map((chainId) => chainHealth(app, chainId, seen.get(chainId)))
      const database = { up: await isUp() }
      const late = chains.some(({ ageSeconds }) => ageSeconds === null || ageSeconds > LATE_SECONDS)
      return { status: database.up && !late ? 'ok' : 'degraded', database, chains }
    },
  }
}

function chainHealth(app: App, chainId: number, last: Seen | undefined): Health['chains'][number] {
  if (last === undefined) return { chainId, lastBlock: null, ageSeconds: null }
  const age = app.clock.now() / 1000 - last.timestamp
  return { chainId, lastBlock: last.number, ageSeconds: Math.round(age * 10) / 10 }
}

/** One question under way at a time: the store waits long for a lost database, and asking is open to everybody. */
function databaseProbe({ store }: App): () => Promise<boolean> {
  let asking: Promise<boolean> | undefined
  return async () => {
    asking ??= lastTimelinePosition(store)
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        asking = undefined
      })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE_MS)
    })
    return Promise.race([asking, late]).finally(() => clearTimeout(timer))
  }
}
