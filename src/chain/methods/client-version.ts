import type { Asker } from './asker.ts'

/** The name and version of a node's program, in its own words. */
export async function clientVersionOf(asker: Asker): Promise<string> {
  return String(await asker.request('web3_clientVersion', []))
}
