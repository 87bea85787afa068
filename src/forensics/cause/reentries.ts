import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'

/** A stranger that was entered again by the side while a call of it was unfinished. */
export type Reentry = { account: Address; outer: number; inner: number }

const MOST = 1_000

/**
 * Strangers that gave control to the side in the middle of a call and were called again with effect: by anything but a static call
 * or a read without a trace. One pass with a stack.
 */
export function reentriesOf(frames: readonly Frame[], side: ReadonlySet<Address>): Reentry[] {
  const stack: Frame[] = []
  const outermost = new Map<Address, number[]>()
  const reentries: Reentry[] = []
  for (const frame of frames) {
    for (let top = stack.at(-1); top !== undefined && top.index !== frame.parent; top = stack.at(-1)) {
      stack.pop()
      if (top.context !== null) outermost.get(top.context)?.pop()
    }
    const caller = stack.at(-1)?.context ?? null
    stack.push(frame)
    const { context, index } = frame
    if (context === null) continue
    const running = outermost.get(context) ?? []
    outermost.set(context, running)
    const outer = running[0]
    if (
      outer !== undefined &&
      isEffective(frame) &&
      caller !== null &&
      side.has(caller) &&
      !side.has(context)
    )
      if (reentries.length < MOST) reentries.push({ account: context, outer, inner: index })
    running.push(index)
  }
  return reentries
}

function isEffective({ type, reverted, value, index, end, output }: Frame): boolean {
  if (type !== 'CALL' || reverted) return false
  // old compilers read by CALL: a leaf that returns a value and moves none
  return value > 0n || end > index + 1 || output.length <= 2
}
