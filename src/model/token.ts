import { z } from 'zod'
import type { Asset } from './block.ts'
import { assetSchema } from './finding.ts'

/** A Token: the name of an asset, its decimals, and their source. */
export const tokenSchema = z.object({
  asset: assetSchema,
  /** Null where no source gives one. */
  symbol: z.string().nullable(),
  /** Base units of one token are 10^decimals; null where no source gives them: amounts then stay in base units. */
  decimals: z.number().int().min(0).max(77).nullable(),
  source: z.string(),
  /** True for a list or a file of yours; false where the contract itself is the only source: it can use any name. */
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

/** The name of an asset: its symbol, in quotes where the contract is the only source; else its address. */
export function tokenName(asset: Asset, tokens: Tokens): string {
  const token = tokens.get(asset)
  if (token === undefined || token.symbol === null) return asset
  return token.vouched ? token.symbol : `“${token.symbol}” (${asset})`
}

/** `1,234.5 WETH`; base units and the address where the token is not known. */
export function tokenAmount({ asset, amount }: { asset: Asset; amount: bigint }, tokens: Tokens): string {
  const decimals = tokens.get(asset)?.decimals ?? null
  return decimals === null
    ? `${amount} base units of ${tokenName(asset, tokens)}`
    : `${inUnits(amount, decimals)} ${tokenName(asset, tokens)}`
}

/** True for half of the largest number and above: wallets write such values for an unlimited allowance. */
export function isEndless(amount: bigint): boolean {
  return amount >= 2n ** 255n
}
