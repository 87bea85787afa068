import type { Config } from '../model/config.ts'
import type { Address } from '../model/hex.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { abisFor } from './decoding.ts'
import { namesWith } from './function-names.ts'
import { readTokenLists } from './tokens.ts'

type Lists = Partial<Pick<Config, 'protect' | 'tokens' | 'abis'>>

/**
 * The names on a chain from the configuration and the shipped lists: for use without a running node. Throws the errors
 * of unreadable lists.
 */
export async function listedLexicon(lists: Lists, chainId: number): Promise<Lexicon> {
  const { protect = [], tokens = [], abis = [] } = lists
  const [listed, given] = await Promise.all([readTokenLists(tokens, chainId), abisFor(abis, chainId)])
  const names = protect.flatMap(({ address, name }): [Address, string][] =>
    name === undefined ? [] : [[address, name]],
  )
  return {
    names: new Map<string, string>(names),
    tokens: listed,
    functions: namesWith(given),
  }
}

/** The same for several chains on demand, each read once. */
export function listedLexicons(lists: Lists): (chainId: number) => Promise<Lexicon> {
  const known = new Map<number, Promise<Lexicon>>()
  return (chainId) => {
    const before = known.get(chainId) ?? listedLexicon(lists, chainId)
    known.set(chainId, before)
    return before
  }
}
