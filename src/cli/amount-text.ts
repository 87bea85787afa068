import type { Asset } from '../model/block.ts'
import { type Token, type Tokens, tokenAmount, tokenName } from '../model/token.ts'

type Amount = { asset: Asset; amount: bigint; tokenId?: bigint | null; usd?: string | undefined }

/** `1,234.5 WETH (3703500.00 USD)`, or an amount of a token with its id. */
export function amountText({ asset, amount, tokenId = null, usd }: Amount, tokens: Tokens): string {
  const what =
    tokenId === null
      ? tokenAmount({ asset, amount }, tokens)
      : `${amount} of ${tokenName(asset, tokens)} #${tokenId}`
  return `${what}${usd === undefined ? '' : ` (${usd} USD)`}`
}

export function tokensOf(assets: readonly Token[]): Tokens {
  return new Map(assets.map((token) => [token.asset, token]))
}
