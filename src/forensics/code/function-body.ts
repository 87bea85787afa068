import type { Hex } from '../../model/hex.ts'
import { type Instruction, instructionsOf, withoutMetadata } from './opcodes.ts'

const JUMPDEST = 0x5b
const [JUMP, JUMPI] = [0x56, 0x57]
const [PUSH2, PUSH4, PUSH32] = [0x61, 0x63, 0x7f]
const EQ = 0x14
/** STOP, RETURN, REVERT, INVALID, SELFDESTRUCT */
const HALTS = new Set([0x00, 0xf3, 0xfd, 0xfe, 0xff])
const MOST_BLOCKS = 4_000

/**
 * The basic blocks that a function can run, each as text without code positions and 32-byte constants. Found from the
 * dispatcher (`PUSH4 selector EQ PUSH dest JUMPI`, as solc and many others write it), then by every constant pushed in
 * a reached block that is a jump destination. Return addresses are such constants too, so the reached set is never
 * smaller than the set that can run, and may be larger. Undefined if the dispatcher has no such entry.
 */
export function functionBody(code: Hex, selector: Hex): ReadonlySet<string> | undefined {
  const instructions = instructionsOf(withoutMetadata(code))
  const start = destinationOf(instructions, selector.slice(2))
  if (start === undefined) return undefined
  const places = new Map(instructions.map(({ at }, i) => [at, i]))
  const blocks = new Set<string>()
  const reached = new Set<number>([start])
  const queue = [start]
  while (queue.length > 0 && reached.size < MOST_BLOCKS) {
    const from = queue.pop()
    const first = from === undefined ? undefined : places.get(from)
    if (first === undefined || instructions[first]?.op !== JUMPDEST) continue
    const { text, leads } = blockAt(instructions, first, places)
    blocks.add(text)
    for (const to of leads) {
      if (reached.has(to)) continue
      reached.add(to)
      queue.push(to)
    }
  }
  return blocks.size === 0 ? undefined : blocks
}

/** Share of common blocks, 0 to 1. */
export function sharedBody(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0
  for (const block of a) if (b.has(block)) common++
  return common / (a.size + b.size - common)
}

function destinationOf(instructions: readonly Instruction[], selector: string): number | undefined {
  for (const [i, { op, pushed }] of instructions.entries()) {
    if (op !== PUSH4 || pushed !== selector) continue
    const next = instructions.slice(i + 1, i + 6)
    const equal = next.findIndex((it) => it.op === EQ)
    const [push, jump] = next.slice(equal + 1)
    if (equal < 0 || equal > 1 || push === undefined || jump?.op !== JUMPI) continue
    if (isPlace(push)) return Number.parseInt(push.pushed, 16)
  }
  return undefined
}

/** From one destination to its halt or jump; a branch not taken continues in the same text. */
function blockAt(
  instructions: readonly Instruction[],
  first: number,
  places: ReadonlyMap<number, number>,
): { text: string; leads: number[] } {
  const parts: string[] = []
  const leads: number[] = []
  for (let i = first; i < instructions.length; i++) {
    const instruction = instructions[i]
    if (instruction === undefined) break
    const { op, pushed, at } = instruction
    if (i > first && op === JUMPDEST) {
      leads.push(at)
      break
    }
    const to = isPlace(instruction) ? Number.parseInt(pushed, 16) : undefined
    const index = to === undefined ? undefined : places.get(to)
    const isLead = to !== undefined && index !== undefined && instructions[index]?.op === JUMPDEST
    if (isLead) leads.push(to)
    parts.push(isLead ? 'dest' : op === PUSH32 ? 'word' : `${op.toString(16)}${pushed}`)
    if (op === JUMP || HALTS.has(op)) break
  }
  return { text: parts.join(' '), leads }
}

/** Code is at most 64 KiB: a destination takes one or two bytes, or three with some compilers. */
function isPlace({ op }: Instruction): boolean {
  return op >= PUSH2 - 1 && op <= PUSH2 + 1
}
