import type { Token, Tokens } from '../model/token.ts'

/** The names on a chain, for people: contracts and accounts, tokens, functions by selector. */
export type Lexicon = {
  names: ReadonlyMap<string, string>
  tokens: Tokens
  /** Signatures by selector: `0x8456cb59` is `pause()`. */
  functions: ReadonlyMap<string, string>
}

export const NO_LEXICON: Lexicon = { names: new Map(), tokens: new Map(), functions: new Map() }

export function tokensOf(assets: readonly Token[]): Tokens {
  return new Map(assets.map((token) => [token.asset, token]))
}
