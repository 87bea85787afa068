import type { Frame } from '../model/block.ts'
import { selectorOf } from '../model/hex.ts'

/** Frames `from` up to (not including) `to` repeat the `period` sub-trees before them `times` more. */
export type Repeat = { from: number; to: number; calls: number; times: number }

/** Maximum number of calls in a loop's body. */
const LONGEST_BODY = 8
const FEWEST_TIMES = 2

/**
 * Loops among the calls of each frame: a repeated body of up to eight sub-trees of one shape (the callee, the function,
 * how it ends, its own calls). Keyed by the first repeated frame. `kept` frames are never in one.
 */
export function repeatsIn(frames: readonly Frame[], kept: ReadonlySet<number>): ReadonlyMap<number, Repeat> {
  const shapes = shapesOf(frames, kept)
  const repeats = new Map<number, Repeat>()
  for (const children of childrenOf(frames)) {
    let at = 0
    while (at < children.length) {
      const found = longestFrom(children, at, shapes)
      if (found === undefined) {
        at++
        continue
      }
      const { period, times } = found
      const first = children[at + period] ?? 0
      const last = children[at + period * (times + 1) - 1] ?? first
      repeats.set(first, { from: first, to: frames[last]?.end ?? first + 1, calls: period, times })
      at += period * (times + 1)
    }
  }
  return repeats
}

/** The shortest body that is repeated from here on. */
function longestFrom(
  children: readonly number[],
  at: number,
  shapes: readonly number[],
): { period: number; times: number } | undefined {
  for (let period = 1; period <= LONGEST_BODY; period++) {
    let length = period
    while (
      at + length < children.length &&
      shapes[children[at + length] ?? -1] === shapes[children[at + length - period] ?? -1]
    )
      length++
    const times = Math.floor(length / period) - 1
    if (times >= FEWEST_TIMES) return { period, times }
  }
  return undefined
}

/** One number per frame: the same for sub-trees of the same shape. One backward pass, so depth costs nothing. */
function shapesOf(frames: readonly Frame[], kept: ReadonlySet<number>): readonly number[] {
  const ids = new Map<string, number>()
  const shapes: number[] = new Array(frames.length)
  const below: number[][] = frames.map(() => [])
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]
    if (frame === undefined) continue
    const own = `${frame.type} ${frame.to} ${selectorOf(frame.input)} ${frame.error} ${frame.value > 0n}`
    const key = `${kept.has(i) ? `#${i}` : ''}${own}[${below[i]?.join() ?? ''}]`
    const id = ids.get(key) ?? ids.size
    ids.set(key, id)
    shapes[i] = id
    below[frame.parent]?.push(id)
  }
  return shapes
}

function childrenOf(frames: readonly Frame[]): readonly number[][] {
  const children: number[][] = frames.map(() => [])
  for (const { index, parent } of frames) children[parent]?.push(index)
  return children
}
