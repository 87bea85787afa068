import type { Rpc } from '../chain/rpc/rpc.ts'
import { messageOf } from '../kit/error.ts'
import type { Asset } from '../model/block.ts'
import type { Incident } from '../model/incident.ts'
import type { Token, Tokens } from '../model/token.ts'
import { functionNames } from '../names/function-names.ts'
import { listedLexicon } from '../names/listed-lexicon.ts'
import { tokensFor } from '../names/tokens.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { assetsNamed, readable } from '../words/readable.ts'
import type { App, ChainHandle } from './context.ts'

type Known = { listed: Tokens; functions: ReadonlyMap<string, string>; asked: Map<Asset, Token> }

const known = new WeakMap<ChainHandle, Promise<Known>>()

/**
 * Maximum wait of a page for a node to name a token, milliseconds: then it shows base units, rather than not being
 * sent.
 */
const PATIENCE_MS = 1_500

/**
 * The names of things on a chain, including the requested tokens: names and labels of the configuration, token lists,
 * the contracts' own metadata, functions of the given ABIs and of the shipped ones. Never throws and never waits long.
 */
export async function lexiconOf(
  app: Pick<App, 'chains' | 'config' | 'names' | 'logger' | 'clock'>,
  chainId: number,
  assets: Iterable<Asset> = [],
): Promise<Lexicon> {
  const only = app.chains.size === 1 ? [...app.chains.values()][0] : undefined
  const chain = app.chains.get(chainId) ?? only
  if (chain === undefined) return { names: app.names, tokens: new Map(), functions: functionNames }
  const { listed, functions, asked } = await knownOf(app, chain)
  const missing = [...new Set(assets)].filter((asset) => !listed.has(asset) && !asked.has(asset))
  if (missing.length > 0) {
    const answers = await askedInTime(app, chain.rpc, missing)
    for (const [asset, token] of answers) asked.set(asset, token)
  }
  return { names: namesOn(app, chain), tokens: new Map([...asked, ...listed]), functions }
}

/** Sentences of the record about an incident, as people read them. */
export async function readableFor(
  app: App,
  { chainId }: Pick<Incident, 'chainId'>,
  text: string,
): Promise<string> {
  return readable(text, await lexiconOf(app, chainId, assetsNamed(text)))
}

function knownOf(app: Pick<App, 'config' | 'logger'>, chain: ChainHandle): Promise<Known> {
  const before = known.get(chain)
  if (before !== undefined) return before
  const reading = readKnown(app, chain.chainId).catch((thrown: unknown): Known => {
    app.logger.warn(
      { reason: messageOf(thrown) },
      'token lists or ABIs could not be read: messages go without',
    )
    return { listed: new Map(), functions: functionNames, asked: new Map() }
  })
  known.set(chain, reading)
  return reading
}

async function readKnown({ config }: Pick<App, 'config'>, chainId: number): Promise<Known> {
  const { tokens, functions } = await listedLexicon(config, chainId)
  return { listed: tokens, functions, asked: new Map() }
}

function namesOn({ names }: Pick<App, 'names'>, { labels }: ChainHandle): ReadonlyMap<string, string> {
  return new Map<string, string>([...[...labels].map(([at, { name }]) => [at, name] as const), ...names])
}

async function askedInTime(
  { clock }: Pick<App, 'clock'>,
  rpc: Rpc,
  assets: readonly Asset[],
): Promise<Tokens> {
  const late = clock.sleep(PATIENCE_MS).then((): Tokens => new Map())
  const answer = tokensFor(new Set(assets), { listed: new Map(), frames: [], rpc })
  return Promise.race([answer.catch((): Tokens => new Map()), late])
}
