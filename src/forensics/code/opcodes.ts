import type { Hex } from '../../model/hex.ts'

const [PUSH1, PUSH32] = [0x60, 0x7f]
/** Maximum hex digits of code that is read: the EIP-3860 limit for initcode, twice the EIP-170 limit for code. */
const MOST_DIGITS = 2 * 49_152

/** An instruction; `pushed` are the hex digits that a PUSH carries. */
export type Instruction = { at: number; op: number; pushed: string }

/** Code as instructions, `at` in bytes; the metadata that solc appends reads as instructions too. */
export function instructionsOf(code: Hex): Instruction[] {
  const instructions: Instruction[] = []
  const end = Math.min(code.length, 2 + MOST_DIGITS)
  for (let i = 2; i + 1 < end; i += 2) {
    const op = Number.parseInt(code.slice(i, i + 2), 16)
    const digits = op >= PUSH1 && op <= PUSH32 ? 2 * (op - PUSH1 + 1) : 0
    instructions.push({ at: (i - 2) / 2, op, pushed: code.slice(i + 2, i + 2 + digits) })
    i += digits
  }
  return instructions
}

/**
 * The hashes in solc's CBOR metadata, also of code that this code carries to create: `ipfs` and `bzzr1`, then `solc`.
 */
const METADATA =
  /a264697066735822[0-9a-f]{68}64736f6c6343[0-9a-f]{6}0033|a265627a7a723158[0-9a-f]{66}64736f6c6343[0-9a-f]{6}0032/g

/** Code without the parts that only identify its source. */
export function withoutMetadata(code: Hex): Hex {
  return code.replace(METADATA, (found) => '0'.repeat(found.length)) as Hex
}
