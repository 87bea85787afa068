import { z } from 'zod'
import { row, type Store } from './store.ts'

/** The id of this installation in all messages that people sign for it. Created with the database, never changed. */
export async function installationOf(store: Store): Promise<string> {
  const found = await row(store, z.object({ id: z.uuid() }), 'SELECT id FROM installation')
  return z.object({ id: z.uuid() }).parse(found).id
}
