import type { Asset } from '../model/block.ts'
import { inUnits, type Tokens } from '../model/token.ts'
import { shortHex } from './account.ts'

/** The native coin of every chain that Cordon watches has 18 decimals. */
const COIN_DECIMALS = 18
/** Displayed decimal places of an amount of one and more, and significant digits of a smaller one. */
const MOST_DIGITS = 4

type Amount = { asset: Asset; amount: bigint; tokenId?: bigint | null }

/**
 * `128,000 USDC`, `9.0001 ETH`: symbol and scale, truncated after four decimal places (below one, four significant
 * digits); the record has every digit. A symbol whose only source is the contract itself is in quotes. Base units,
 * marked as such, where the decimals are not known.
 */
export function amountText({ asset, amount, tokenId = null }: Amount, tokens: Tokens): string {
  const symbol = symbolText(asset, tokens)
  if (tokenId !== null) return `${symbol} #${tokenId}`
  const decimals = tokens.get(asset)?.decimals ?? (asset === 'native' ? COIN_DECIMALS : null)
  return decimals === null
    ? `${grouped(amount)} base units of ${symbol}`
    : `${scaled(amount, decimals)} ${symbol}`
}

/** The short name of an asset: its symbol, in quotes where only the contract gives it; else its short address. */
export function symbolText(asset: string, tokens: Tokens): string {
  const token = tokens.get(asset as Asset)
  if (token?.symbol) return token.vouched ? token.symbol : `“${token.symbol}”`
  return asset === 'native' ? 'native coin' : shortHex(asset)
}

/**
 * An amount of base units in whole tokens, truncated after four decimal places (below one, four significant digits); `<
 * 0.0…1` is never shown as zero.
 */
export function scaled(amount: bigint, decimals: number): string {
  const exact = inUnits(amount, decimals)
  const [whole = '0', part = ''] = exact.split('.')
  if (part === '') return exact
  const zeros = whole.replace('-', '') === '0' ? (/^0*/.exec(part)?.[0].length ?? 0) : 0
  const kept = part.slice(0, zeros + MOST_DIGITS).replace(/0+$/, '')
  return kept === '' ? whole : `${whole}.${kept}`
}

export function grouped(amount: bigint): string {
  return inUnits(amount, 0)
}
