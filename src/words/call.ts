import { decodeFunctionData, parseAbiItem } from 'viem'
import { type Hex, selectorOf } from '../model/hex.ts'
import { accountText, shortHex } from './account.ts'
import { grouped } from './amount.ts'
import type { Lexicon } from './lexicon.ts'

/** Maximum displayed arguments, and characters of one; the calldata next to it is complete. */
const MOST_ARGUMENTS = 8
const LONGEST_TEXT = 40

/**
 * A call by its name and decoded arguments: `setPaused(true)`, `transfer(0x2546…ec30, 128,000,000,000)`. The selector
 * where no signature is known, or the arguments do not fit it.
 */
export function callText(calldata: Hex, lexicon: Lexicon): string {
  const selector = selectorOf(calldata)
  if (selector === undefined) return calldata === '0x' ? 'a plain payment' : calldata
  const signature = lexicon.functions.get(selector)
  if (signature === undefined) return `the function ${selector}`
  try {
    const item = parseAbiItem(`function ${signature}`)
    const { args = [] } = decodeFunctionData({ abi: [item] as never, data: calldata }) as {
      args?: readonly unknown[]
    }
    const shown = args.slice(0, MOST_ARGUMENTS).map((value) => valueText(value, lexicon))
    return `${nameOf(signature)}(${[...shown, ...(args.length > MOST_ARGUMENTS ? ['…'] : [])].join(', ')})`
  } catch {
    return `the function ${selector} (said to be ${signature}, with arguments that do not fit)`
  }
}

/** A function by its selector, as a name: `exercise()`; the selector where no name is known. */
export function functionText(selector: string, { functions }: Pick<Lexicon, 'functions'>): string {
  const signature = functions.get(selector)
  return signature === undefined ? selector : shortCall(signature)
}

/** A function by its signature, without its arguments: `pause()`. */
export function shortCall(signature: string): string {
  return `${nameOf(signature)}()`
}

function nameOf(signature: string): string {
  return signature.slice(0, signature.indexOf('('))
}

function valueText(value: unknown, lexicon: Lexicon): string {
  if (typeof value === 'bigint') return grouped(value)
  if (Array.isArray(value)) {
    const shown = value.slice(0, MOST_ARGUMENTS).map((one) => valueText(one, lexicon))
    return `[${shown.join(', ')}${value.length > MOST_ARGUMENTS ? ', …' : ''}]`
  }
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .slice(0, MOST_ARGUMENTS)
      .map(([name, one]) => `${name}: ${valueText(one, lexicon)}`)
      .join(', ')}}`
  if (typeof value !== 'string') return String(value)
  if (/^0x[0-9a-f]{40}$/i.test(value)) return accountText(value.toLowerCase(), lexicon)
  if (value.startsWith('0x')) return shortHex(value)
  return `"${value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT - 1)}…` : value}"`
}
