import type { Asset } from '../model/block.ts'
import type { Investigation } from '../model/investigation.ts'
import { type Tokens, tokenAmount } from '../model/token.ts'
import { retold } from './retold.ts'

/** The form of an amount in findings and reasons: base units of an asset. */
const AMOUNT = /(?<![\w.,])(\d{1,78}) of (native|0x[0-9a-f]{40})(?![0-9a-z])/g

/** A sentence with its amounts in whole tokens, if their decimals are known. */
export function inTokens(text: string, tokens: Tokens): string {
  return text.replace(AMOUNT, (said, amount: string, asset: Asset) =>
    (tokens.get(asset)?.decimals ?? null) === null
      ? said
      : tokenAmount({ asset, amount: BigInt(amount) }, tokens),
  )
}

/** An investigation whose own sentences use whole tokens; findings stay as they were reported. */
export function spokenInTokens(found: Investigation): Investigation {
  const tokens: Tokens = new Map(found.assets.map((token) => [token.asset, token]))
  const said = (text: string): string => inTokens(text, tokens)
  return {
    ...retold(found, said),
    actors: found.actors.map((actor) => ({ ...actor, reasons: actor.reasons.map(said) })),
  }
}
