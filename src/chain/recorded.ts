import type { ChainUpdate } from '../model/block.ts'
import { readBundles } from './bundle/read.ts'

/**
 * Recorded bundle files as a chain source: every block is final. `onRead` is told how many bytes of a file were read.
 * Throws what {@link readBundles} throws.
 */
export async function* readRecorded(
  files: readonly string[],
  onRead?: (bytes: number) => void,
): AsyncGenerator<ChainUpdate> {
  for (const file of files) {
    for await (const bundle of readBundles(file, onRead)) {
      yield bundle.pending ? { kind: 'pending', bundle } : { kind: 'block', bundle }
    }
  }
}
