import { z } from 'zod'
import type { Asset } from './block.ts'
import { assetSchema } from './finding.ts'

/** A Token: what an asset is called and how many decimals it has, and who says so. */
export const tokenSchema = z.object({
  asset: assetSchema,
  /** Null where nobody says. */
  symbol: z.string().nullable(),
  /** Base units of one are 10^decimals; null where nobody says: amounts then stay base units. */
  decimals: z.number().int().min(0).max(77).nullable(),
  source: z.string(),
  /** True for a list or a file of yours; false where only the contract itself says so, which may call itself anything. */
  vouched: z.boolean(),
})
export type Token = z.infer<typeof tokenSchema>
export type Tokens = ReadonlyMap<Asset, Token>

/** An amount of base units in whole tokens, exact: `1234500000000000000000n` of 18 decimals is `1,234.5`. */
export function inUnits(amount: bigint, decimals: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',')
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`
}

/** What an asset is called: its symbol, in quotes where only the contract says so; else its address. */
export function tokenName(asset: Asset, tokens: Tokens): string {
  const token = tokens.get(asset)
  if (token === undefined || token.symbol === null) return asset
  return token.vouched ? token.symbol : `“${token.symbol}” (${asset})`
}

/** `1,234.5 WETH`; base units and the address where nobody knows better. */
export function tokenAmount({ asset, amount }: { asset: Asset; amount: bigint }, tokens: Tokens): string {
  const decimals = tokens.get(asset)?.decimals ?? null
  return decimals === null
    ? `${amount} base units of ${tokenName(asset, tokens)}`
    : `${inUnits(amount, decimals)} ${tokenName(asset, tokens)}`
}

/** Half of all numbers and more is what wallets write for an allowance without end. */
export function isEndless(amount: bigint): boolean {
  return amount >= 2n ** 255n
}
