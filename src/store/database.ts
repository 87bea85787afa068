import { resolve } from 'node:path'
import type { Logger } from '../kit/logger.ts'
import { startEmbeddedPostgres } from './embedded/embedded.ts'
import type { Store } from './store.ts'
import { closeStore, openStore } from './store.ts'

export type Database = {
  url: string
  store: Store
  origin: 'DATABASE_URL' | 'embedded'
  close(): Promise<void>
}

export type DatabaseOptions = {
  dataDir: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/**
 * `DATABASE_URL` where set, else the embedded PostgreSQL in the data folder, as a role that is not a superuser. Throws
 * the errors of the store room.
 */
export async function openDatabase({ dataDir, env, logger }: DatabaseOptions): Promise<Database> {
  const given = env['DATABASE_URL']
  if (given !== undefined && given !== '') {
    const store = await openStore({ url: given, logger })
    return { url: given, store, origin: 'DATABASE_URL', close: () => closeStore(store) }
  }
  const postgres = await startEmbeddedPostgres({ dataDir: resolve(dataDir, 'postgres'), logger })
  const { url: ownerUrl, workUrl: url } = postgres
  const store = await openStore({ url, ownerUrl, logger })
  return {
    url,
    store,
    origin: 'embedded',
    async close() {
      await closeStore(store)
      await postgres.stop()
    },
  }
}
