import type { ChainUpdate } from '../model/block.ts'
import { readBundles } from './bundle/read.ts'

/** Recorded bundle files as a chain source: every block is final. Throws what {@link readBundles} throws. */
export async function* readRecorded(files: readonly string[]): AsyncGenerator<ChainUpdate> {
  for (const file of files) {
    for await (const bundle of readBundles(file)) {
      yield bundle.pending ? { kind: 'pending', bundle } : { kind: 'block', bundle }
    }
  }
}
