import { silentLogger } from '../../src/kit/logger.ts'
import { installationOf } from '../../src/store/installation.ts'
import { closeStore, openStore } from '../../src/store/store.ts'

/** The name of a database's installation: prepares the database for it. */
export async function installationAt(url: string): Promise<string> {
  const store = await openStore({ url, logger: silentLogger })
  try {
    return await installationOf(store)
  } finally {
    await closeStore(store)
  }
}
