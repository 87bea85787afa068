import { hexToString, size, slice } from 'viem'
import { inert } from '../kit/text.ts'
import type { Asset, Frame } from '../model/block.ts'
import type { Hex } from '../model/hex.ts'
import type { Token } from '../model/token.ts'

/** EIP-20 `decimals()` and `symbol()`. */
export const DECIMALS = '0x313ce567'
export const SYMBOL = '0x95d89b41'
/** Longer symbols are cut: anybody can choose them. */
export const LONGEST_SYMBOL = 24

/** The metadata that tokens returned while they were called: nobody vouches for it. */
export function tokensInFrames(frames: readonly Frame[]): Map<Asset, Token> {
  const found = new Map<Asset, Token>()
  for (const { type, to, input, output, error } of frames) {
    if (to === null || error !== null || type === 'DELEGATECALL') continue
    if (input !== DECIMALS && input !== SYMBOL) continue
    const known = found.get(to) ?? {
      asset: to,
      symbol: null,
      decimals: null,
      source: 'the contract itself, when it was called',
      vouched: false,
    }
    const told = input === DECIMALS ? { decimals: decimalsIn(output) } : { symbol: symbolIn(output) }
    found.set(to, { ...known, ...told })
  }
  return found
}

/** The answer of `decimals()`; null if it is not a number of decimals. */
export function decimalsIn(output: Hex): number | null {
  const value = size(output) === 32 ? BigInt(output) : 78n
  return value <= 77n ? Number(value) : null
}

/** The answer of `symbol()`, inert: a string by its head and length, or the 32 bytes of older tokens. */
export function symbolIn(output: Hex): string | null {
  const bytes = size(output)
  if (bytes === 32) return texted(output)
  if (bytes < 96) return null
  const length = BigInt(slice(output, 32, 64))
  return length > 0n && length <= BigInt(bytes - 64) && length <= 1024n
    ? texted(slice(output, 64, 64 + Number(length)))
    : null
}

function texted(bytes: Hex): string | null {
  const text = hexToString(bytes).replace(/\0+$/, '')
  return text === '' ? null : inert(text, LONGEST_SYMBOL)
}
