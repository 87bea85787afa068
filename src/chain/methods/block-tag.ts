import type { Hex } from '../../model/hex.ts'

/** A block by its number (a quantity as hex counts), or by what nodes call it. */
export type BlockTag = number | bigint | Hex | 'latest' | 'pending' | 'finalized'

/** A block as the parameter of a call. */
export function tagOf(block: BlockTag): string {
  return typeof block === 'string' ? block : toHex(block)
}

/** A quantity as JSON-RPC writes it. */
export function toHex(value: number | bigint): Hex {
  return `0x${value.toString(16)}`
}
