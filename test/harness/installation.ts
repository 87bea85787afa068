import { silentLogger } from '../../src/kit/logger.ts'
import { installationOf } from '../../src/store/installation.ts'
import { closeStore, openStore } from '../../src/store/store.ts'

/** What the installation of a database is called: the database is made ready for it. */
export async function installationAt(url: string): Promise<string> {
  const store = await openStore({ url, logger: silentLogger })
  try {
    return await installationOf(store)
  } finally {
    await closeStore(store)
  }
}
