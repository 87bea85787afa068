import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { callContract } from '../chain/methods/call.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import {
  DECIMALS,
  decimalsIn,
  LONGEST_SYMBOL,
  SYMBOL,
  symbolIn,
  tokensInFrames,
} from '../forensics/tokens.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import { inert } from '../kit/text.ts'
import type { Asset, Frame } from '../model/block.ts'
import type { Fact } from '../model/fact.ts'
import { assetSchema } from '../model/finding.ts'
import type { Address, Hex } from '../model/hex.ts'
import type { Token, Tokens } from '../model/token.ts'

const MOST_BYTES = 64 * 2 ** 20
/** Maximum contracts for which a node is queried. */
const MOST_ASKED = 100
const AT_ONCE = 20

const listSchema = z.object({ name: z.string().optional(), tokens: z.array(z.unknown()) })
const entrySchema = z.object({
  chainId: z.number().int().positive(),
  address: assetSchema,
  symbol: z.string().min(1).max(120),
  decimals: z.number().int().min(0).max(77),
})

/**
 * The tokens of one chain from token lists, in the format of wallets and exchanges (`{name, tokens: [{chainId, address,
 * symbol, decimals}]}`): first the named lists, then the shipped ones. Throws `app.InvalidTokenList`.
 */
export async function readTokenLists(paths: readonly string[], chainId: number): Promise<Tokens> {
  const shipped = ['native.json', 'sushi.json'].map((name) => join(packageRoot(), 'tokens', name))
  const files = [...paths.map((path) => resolve(path)), ...shipped]
  const lists = await Promise.all(files.map((file) => readTokenList(file, chainId)))
  const tokens = new Map<Asset, Token>()
  for (const token of lists.flat()) if (!tokens.has(token.asset)) tokens.set(token.asset, token)
  return tokens
}

async function readTokenList(file: string, chainId: number): Promise<Token[]> {
  try {
    if ((await stat(file)).size > MOST_BYTES) throw invalid(file, `larger than ${MOST_BYTES} bytes`)
    const { name = file, tokens } = listSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    // Entries of other chains are not validated: lists are long, and contain values that no EVM chain has.
    return tokens
      .filter((entry) => chainOf(entry) === chainId)
      .map((entry) => tokenOf(entrySchema.parse(entry), name))
  } catch (cause) {
    if (cause instanceof CordonError) throw cause
    throw invalid(file, cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 300) : messageOf(cause))
  }
}

function chainOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'chainId' in entry ? entry.chainId : undefined
}

function tokenOf({ address, symbol, decimals }: z.infer<typeof entrySchema>, name: string): Token {
  const source = inert(name, 120)
  return { asset: address, symbol: inert(symbol, LONGEST_SYMBOL), decimals, source, vouched: true }
}

function invalid(file: string, reason: string): CordonError {
  return new CordonError({
    code: 'app.InvalidTokenList',
    message: 'A token list could not be read.',
    facts: { file, reason },
    fix: 'Give --tokens a file in the token-list format: {"name": …, "tokens": [{"chainId", "address", "symbol", "decimals"}]}.',
  })
}

export type TokensOptions = {
  listed: Tokens
  frames: readonly Frame[]
  rpc: Rpc | null
}

/**
 * The names of the assets: from the lists, from contracts' answers within the frames, else from their present answers.
 * Only lists are vouched for.
 */
export async function tokensFor(
  assets: ReadonlySet<Asset>,
  { listed, frames, rpc }: TokensOptions,
): Promise<Tokens> {
  const seen = tokensInFrames(frames)
  const found = new Map<Asset, Token>()
  const unknown: Address[] = []
  for (const asset of assets) {
    const known = listed.get(asset) ?? seen.get(asset)
    if (known !== undefined) found.set(asset, known)
    if (asset !== 'native' && (known?.decimals ?? null) === null) unknown.push(asset)
  }
  if (rpc === null) return found
  for (let from = 0; from < Math.min(unknown.length, MOST_ASKED); from += AT_ONCE) {
    const answers = await Promise.all(
      unknown.slice(from, from + AT_ONCE).map((asset) => askToken(rpc, asset)),
    )
    for (const token of answers) found.set(token.asset, token)
  }
  return found
}

async function askToken(rpc: Rpc, asset: Address): Promise<Token> {
  const answer = (data: Hex): Promise<Hex> =>
    callContract(rpc, { to: asset, data }, { block: 'latest' }).catch((): Hex => '0x')
  const [decimals, symbol] = await Promise.all([answer(DECIMALS), answer(SYMBOL)])
  const told = { symbol: symbolIn(symbol), decimals: decimalsIn(decimals) }
  return { asset, ...told, source: 'the contract itself', vouched: false }
}

/** All assets that the facts mention. */
export function assetsIn(facts: Iterable<Fact>): Set<Asset> {
  const assets = new Set<Asset>()
  for (const fact of facts) {
    if (fact.kind === 'transfer' || fact.kind === 'approval') assets.add(fact.asset)
    if (fact.kind === 'swap') assets.add(fact.assetIn).add(fact.assetOut)
    if (fact.kind === 'action')
      for (const { asset } of [...fact.given, ...fact.taken]) if (asset !== null) assets.add(asset)
  }
  return assets
}
