import type { Hex } from '../../src/model/hex.ts'

/** A piece of code: bytes, a label to jump to, or the number of a label or of the start of some data. */
export type Piece = { bytes: string } | { label: string } | { push: string } | { pushData: number }

/** The data appended to the code, by its number. */
export type Data = readonly string[]

const PUSH3 = '62'
const JUMPDEST = '5b'

/**
 * EVM code of its pieces, then the data. Every reference is a PUSH3, so that the size is known before the positions
 * are.
 */
export function assemble(pieces: readonly Piece[], data: Data): Hex {
  const places = new Map<string, number>()
  let at = 0
  for (const piece of pieces) {
    if ('label' in piece) places.set(piece.label, at)
    at += sizeOf(piece)
  }
  const starts: number[] = []
  for (const each of data) {
    starts.push(at)
    at += each.length / 2
  }
  const code = pieces.map((piece) => {
    if ('bytes' in piece) return piece.bytes
    if ('label' in piece) return JUMPDEST
    const value = 'push' in piece ? places.get(piece.push) : starts[piece.pushData]
    if (value === undefined) throw new Error(`no such place: ${JSON.stringify(piece)}`)
    return PUSH3 + value.toString(16).padStart(6, '0')
  })
  return `0x${code.join('')}${data.join('')}`
}

function sizeOf(piece: Piece): number {
  if ('bytes' in piece) return piece.bytes.length / 2
  return 'label' in piece ? 1 : 4
}

/** PUSH of a number, in its shortest form. */
export function push(value: bigint | number): string {
  const digits = BigInt(value).toString(16)
  const bytes = digits.padStart(digits.length + (digits.length % 2), '0')
  return (0x5f + bytes.length / 2).toString(16) + bytes
}
