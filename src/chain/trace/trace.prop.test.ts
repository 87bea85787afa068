import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callTree } from '../../../test/harness/arbitrary.ts'
import { toParity } from '../../../test/harness/parity.ts'
import type { Frame } from '../../model/block.ts'
import { framesFromCallTracer } from './call-tracer.ts'
import { framesFromParity } from './parity.ts'
import { toCallTracer } from './to-call-tracer.ts'

const HASH = `0x${'ab'.repeat(32)}`

/** Parity has no gas for a self-destruction, no gas used by what failed, and no reason of a revert. */
function whatBothHave({ gas, gasUsed, ...frame }: Frame): object {
  const isKnown = frame.type !== 'SELFDESTRUCT' && frame.error === null
  return { ...frame, ...(frame.type === 'SELFDESTRUCT' ? {} : { gas }), ...(isKnown ? { gasUsed } : {}) }
}

test('a trace says the same in geth’s form and in Parity’s', () => {
  fc.assert(
    fc.property(callTree, (tree) => {
      const fromGeth = framesFromCallTracer(tree, 'root').map(whatBothHave)
      const fromParity = framesFromParity(toParity(tree, HASH), 'root').map(whatBothHave)
      expect(fromParity).toEqual(fromGeth)
    }),
    { seed: 11, numRuns: 300 },
  )
})

test('writing frames and reading them again changes nothing', () => {
  fc.assert(
    fc.property(callTree, (tree) => {
      const frames = framesFromCallTracer(tree, 'root')
      expect(framesFromCallTracer(toCallTracer(frames), 'root')).toEqual(frames)
    }),
    { seed: 12, numRuns: 300 },
  )
})

test('sub-trees are ranges: every frame between a frame and its end descends from it, none beyond does', () => {
  fc.assert(
    fc.property(callTree, (tree) => {
      const frames = framesFromCallTracer(tree, 'root')
      for (const frame of frames) {
        for (const other of frames.slice(frame.index + 1)) {
          let above: Frame | undefined = other
          while (above !== undefined && above.index > frame.index) above = frames[above.parent]
          expect(above === frame).toBe(other.index < frame.end)
        }
      }
    }),
    { seed: 13, numRuns: 100 },
  )
})
