import { deserialize, serialize } from 'node:v8'
import type { Packing } from '../detect/engine.ts'
import { blockFacts } from '../facts/facts.ts'
import type { BlockBundle } from '../model/block.ts'
import type { BlockFacts } from '../model/fact.ts'

type Packed = { bundle: BlockBundle; reads: BlockFacts['reads'] }

/** Blocks as bytes outside the JavaScript heap; facts are lifted again, being a pure function of the bundle. */
export const bytesPacking: Packing = {
  pack: ({ bundle, reads }) => serialize({ bundle, reads } satisfies Packed),
  unpack(packed) {
    const { bundle, reads } = deserialize(packed as Uint8Array) as Packed
    const facts = blockFacts(bundle)
    return reads === undefined ? facts : { ...facts, reads }
  },
}
