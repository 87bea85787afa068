import pg from 'pg'
import type { Store } from './store.ts'

/** A lock that exists as long as its holder's process, or until `release`. */
export type HeldLock = {
  /** False once the connection that carries the lock is gone: another process may hold it now. */
  held(): boolean
  release(): Promise<void>
}

/**
 * Takes a named lock that the database releases when this process dies; undefined where another process holds it. It
 * uses its own connection.
 */
export async function holdLock(store: Store, name: string): Promise<HeldLock | undefined> {
  const client = new pg.Client({
    connectionString: store.url,
    application_name: 'cordon-lock',
    keepAlive: true,
  })
  let alive = true
  const lost = (): void => {
    alive = false
  }
  client.on('error', lost)
  client.on('end', lost)
  await client.connect()
  const answer = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 7264004)) AS taken',
    [name],
  )
  if (!answer.rows[0]?.taken) {
    await client.end().catch(() => {})
    return undefined
  }
  return { held: () => alive, release: () => client.end().catch(() => {}) }
}

/** Runs `act` while no other process holds the named lock; waits for it. */
export async function withLock<T>(store: Store, name: string, act: () => Promise<T>): Promise<T> {
  let lock = await holdLock(store, name)
  while (!lock) {
    await new Promise((settle) => setTimeout(settle, 25))
    lock = await holdLock(store, name)
  }
  try {
    return await act()
  } finally {
    await lock.release()
  }
}
