import type { ChainUpdate } from '../model/block.ts'
import { readBundles } from './bundle/read.ts'

/**
 * Recorded bundle files as a chain source: every block is final. `onRead` receives the number of bytes read from a
 * file. Throws the errors of {@link readBundles}.
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
