import { deserialize, serialize } from 'node:v8'
import type { Packing } from '../../detect/engine/engine.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { BlockFacts } from '../../model/fact.ts'

type Packed = { bundle: BlockBundle } & Pick<BlockFacts, 'reads' | 'network'>

/** Blocks as bytes outside the JavaScript heap; facts are lifted again, being a pure function of the bundle. */
export const bytesPacking: Packing = {
  pack: ({ bundle, reads, network }) =>
    serialize({
      bundle,
      ...(reads === undefined ? {} : { reads }),
      ...(network === undefined ? {} : { network }),
    } satisfies Packed),
  unpack(packed) {
    const { bundle, ...observed } = deserialize(packed as Uint8Array) as Packed
    return { ...blockFacts(bundle), ...observed }
  },
}
