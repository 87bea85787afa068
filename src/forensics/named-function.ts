import type { Frame } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'
import { selectorOf } from '../model/hex.ts'

/**
 * The function of a contract that frames point to, as a cause is named after it: one with an effect. A view is read on
 * the way (`balanceOf` in the middle of `withdraw`), so the result is the function of the contract around it, otherwise
 * that of another frame; null if there are only views.
 */
export function functionIn(
  contract: Address,
  pointed: readonly (Frame | undefined)[],
  { frames, functions }: { frames: readonly Frame[]; functions: ReadonlyMap<Hex, string> },
): string | null {
  for (const frame of pointed) {
    const named = frame === undefined ? undefined : around(frame, contract, frames)
    const selector = named === undefined ? undefined : selectorOf(named.input)
    if (selector !== undefined) return functions.get(selector) ?? selector
  }
  return null
}

/** The innermost frame of the contract with an effect: this one or one around it. */
function around(frame: Frame, contract: Address, frames: readonly Frame[]): Frame | undefined {
  for (let at: Frame | undefined = frame; at !== undefined; at = frames[at.parent])
    if (at.context === contract && !isView(at, frames)) return at
  return undefined
}

/**
 * A static call, one inside of one, or one that returns a word and leaves no trace: old compilers call views without
 * STATICCALL.
 */
function isView(frame: Frame, frames: readonly Frame[]): boolean {
  for (let at: Frame | undefined = frame; at !== undefined; at = frames[at.parent])
    if (at.type === 'STATICCALL') return true
  const inside = frames.slice(frame.index, frame.end)
  const leavesTrace = inside.some(
    ({ type, value, logs, storage }) =>
      value > 0n || logs.length > 0 || type.startsWith('CREATE') || storage?.some(({ op }) => op === 'write'),
  )
  const isRecorded = frame.storage !== undefined
  return (
    !leavesTrace && frame.error === null && (isRecorded || (frame.output.length > 2 && inside.length === 1))
  )
}
