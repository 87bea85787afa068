import type { Asset } from '../model/block.ts'
import { accountText, shortHex } from './account.ts'
import { amountText, symbolText } from './amount.ts'
import { functionText } from './call.ts'
import type { Lexicon } from './lexicon.ts'

/** The form of an amount in the record: base units of an asset. */
const AMOUNT = /(?<![\w.,])(\d{1,78}) (?:base units )?of (native|0x[0-9a-f]{40})(?![0-9a-z])/g
/** A symbol that only the contract gives, followed by the contract. */
const UNVOUCHED = /(“[^”]{1,60}”) \(0x[0-9a-f]{40}\)/g
const SELECTOR = /(?<![0-9a-z])0x[0-9a-f]{8}(?![0-9a-z])/g
const HEX = /(?<![0-9a-z])0x(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-z])/gi
const HEX_DATA = /(?<![0-9a-z])0x[0-9a-f]{65,}(?![0-9a-z])/gi

/**
 * A sentence of the record in readable form. The record has base units, full addresses and selectors, so that it can be
 * searched, compared and redacted; here amounts get symbol and scale, accounts their label or short form, functions
 * their name. Only the presentation changes, so no decision may depend on it.
 */
export function readable(text: string, lexicon: Lexicon): string {
  return spoken(text, lexicon)
    .replace(HEX, (value) => hexText(value.toLowerCase(), lexicon))
    .replace(HEX_DATA, shortHex)
}

/** The same with full addresses, for callers that shorten them themselves and keep the full form next to them. */
export function spoken(text: string, lexicon: Lexicon): string {
  return text
    .replace(AMOUNT, (said, amount: string, asset: Asset) =>
      lexicon.tokens.get(asset)?.symbol
        ? amountText({ asset, amount: BigInt(amount) }, lexicon.tokens)
        : said,
    )
    .replace(UNVOUCHED, '$1')
    .replace(SELECTOR, (selector) => functionText(selector, lexicon))
}

function hexText(value: string, lexicon: Lexicon): string {
  if (lexicon.names.has(value)) return accountText(value, lexicon)
  return lexicon.tokens.has(value as Asset) ? symbolText(value, lexicon.tokens) : shortHex(value)
}

/** The assets whose amounts a text of the record gives in base units. */
export function assetsNamed(text: string): Asset[] {
  return [...text.matchAll(AMOUNT)].map(([, , asset]) => asset as Asset)
}
