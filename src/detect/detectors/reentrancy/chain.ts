import type { Frame } from '../../../model/block.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'
import { entersFromOutside, outermostOf } from '../../lib/entries.ts'

/** The party that a contract belongs to. */
export type Kind = 'actor' | 'watched' | 'other'
export type KindOf = (contract: Address) => Kind

/** Facts that every frame needs for every call above it, computed once per transaction; lists are by frame. */
export type Trace = {
  frames: readonly Frame[]
  kinds: readonly Kind[]
  /**
   * The frame's contract as a number within this transaction, -1 for none: faster to compare and to look up than an
   * address.
   */
  contracts: readonly number[]
  /** Control comes from outside and names a function. */
  enters: readonly boolean[]
  selectors: readonly (string | undefined)[]
  /** `contract selector` */
  functions: readonly string[]
  created: ReadonlySet<Address>
  /** contract → frame → the frame's calldata names the contract */
  named: Map<Address, Map<number, boolean>>
}

export function traceOf(frames: readonly Frame[], kindOf: KindOf): Trace {
  const created = frames.filter(({ type }) => type === 'CREATE' || type === 'CREATE2').map(({ to }) => to)
  const selectors = frames.map(({ input }) => selectorOf(input))
  return {
    frames,
    kinds: frames.map(({ context }) => (context === null ? 'other' : kindOf(context))),
    contracts: numbered(frames),
    enters: frames.map((frame) => entersFromOutside(frame, frames)),
    selectors,
    functions: frames.map(({ context, index }) => `${context} ${selectors[index]}`),
    created: new Set(created.filter((to) => to !== null)),
    named: new Map(),
  }
}

function numbered(frames: readonly Frame[]): number[] {
  const numbers = new Map<Address, number>()
  return frames.map(({ context }) => {
    if (context === null) return -1
    const known = numbers.get(context)
    if (known !== undefined) return known
    numbers.set(context, numbers.size)
    return numbers.size - 1
  })
}

/** The stay of control from which a call goes out. */
export type Chain = {
  parent: Frame
  /** The contract in control. */
  via: Address
  /** The contract that gave it control; null at the top. */
  giver: Address | null
}

export function chainAbove(parent: Frame, via: Address, { frames }: Trace): Chain {
  let last = parent
  for (let up = frames[last.parent]; up !== undefined && up.context === via; up = frames[up.parent]) last = up
  return { parent, via, giver: frames[last.parent]?.context ?? null }
}

/** True where the contract had control in a call above `outer`, which is above the chain. */
export function isCaller(contract: Address, outer: Frame, { frames }: Trace): boolean {
  return outer.parent >= 0 && outermostOf(contract, outer.parent, frames) !== undefined
}

/** True where the frame's calldata contains the contract's address. */
export function names(frame: Frame, contract: Address, { named }: Trace): boolean {
  let frames = named.get(contract)
  if (frames === undefined) {
    frames = new Map()
    named.set(contract, frames)
  }
  const known = frames.get(frame.index)
  if (known !== undefined) return known
  const answer = frame.input.includes(contract.slice(2))
  frames.set(frame.index, answer)
  return answer
}
