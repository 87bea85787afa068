import { z } from 'zod'
import { row, type Store } from './store.ts'

/** What this installation is called in all that people sign for it. Made with the database, never changed. */
export async function installationOf(store: Store): Promise<string> {
  const found = await row(store, z.object({ id: z.uuid() }), 'SELECT id FROM installation')
  return z.object({ id: z.uuid() }).parse(found).id
}
