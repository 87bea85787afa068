import { z } from 'zod'
import { rows, type Store } from './store.ts'

const settingsSchema = z.object({
  version: z.string(),
  fsync: z.string(),
  synchronous_commit: z.string(),
  full_page_writes: z.string(),
  superuser: z.boolean(),
  /** Seconds since the Unix epoch, by the database's clock. */
  now: z.number(),
})

/** The server's durability settings for commits, our role there, and its clock. */
export async function databaseSettings(store: Store): Promise<z.infer<typeof settingsSchema>> {
  const sql = `SELECT 'PostgreSQL ' || current_setting('server_version') AS version,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('full_page_writes') AS full_page_writes,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
      extract(epoch FROM clock_timestamp())::float8 AS now`
  const [settings] = await rows(store, settingsSchema, sql)
  return settingsSchema.parse(settings)
}
