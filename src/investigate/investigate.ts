import { minedTransaction } from '../chain/rpc/mined.ts'
import { fetchPrestate } from '../chain/rpc/prestate.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { fetchStateChanges } from '../chain/rpc/state-changes.ts'
import { blindIn, createEngine, evaluateSettled } from '../detect/engine/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import type { TreeView } from '../forensics/call-tree.ts'
import { spokenInNames } from '../forensics/in-names.ts'
import { spokenInTokens } from '../forensics/in-tokens.ts'
import { assess, firstScreen, investigate, type Suspect } from '../forensics/investigate.ts'
import { CordonError } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import { type Address, type Hash, hashSchema } from '../model/hex.ts'
import type { FirstScreen, Investigation } from '../model/investigation.ts'
import type { Tokens } from '../model/token.ts'
import { abisFor, type DecodingOptions, decoderFor } from '../names/decoding.ts'
import { namesWith } from '../names/function-names.ts'
import { assetsIn, readTokenLists, tokensFor } from '../names/tokens.ts'
import { type BeyondOptions, beyondTransactions } from './gather/beyond.ts'
import { BLOCKS_AFTER, type BlockRecord, readRecord, startRecord } from './gather/record.ts'
import { type InvestigationSource, openRecording, openSource } from './gather/source.ts'
import { type ProposeOptions, proposeRules } from './prevention.ts'
import { pricesFrom, readPrices } from './prices.ts'
import { withSourceLine } from './source-lines.ts'
import { withStorage } from './storage-changes.ts'

export type InvestigateTransactionOptions = {
  /** A bundle file, plain or frozen, or a JSON-RPC URL. */
  source: string
  /**
   * Optional where a bundle has one transaction, or was frozen for some. In any order: they are investigated in chain
   * order.
   */
  hashes: readonly string[]
  scope: Scope
  names?: ReadonlyMap<Address, string>
  full: boolean
  /** The parts of the tree to show. */
  view?: TreeView
  decoding?: DecodingOptions
  /** The detectors' findings on these transactions when they happened: the detectors had a history then. */
  recorded?: readonly Finding[] | undefined
  /** Called with the losers, their losses and the likeliest cause, as soon as they are known. */
  onFirst?: ((screen: FirstScreen) => void) | undefined
  /** Files of prices, and of tokens in the token-list format. */
  prices?: readonly string[] | undefined
  tokens?: readonly string[] | undefined
  /** Propose rules that would have detected it, from this history. */
  propose?: Pick<ProposeOptions, 'history' | 'folder' | 'attack'> | undefined
  /** Report the changes in storage; only a node, or a frozen file, can show them. */
  storage?: boolean
  /** Blocks to use in place of the source's. */
  blocks?: readonly BlockFacts[]
  /** The actors and scope to examine beyond the transactions. */
  beyond?: BeyondOptions
}

/**
 * Finds transactions in a bundle file or at a node and investigates them together, with everything before them in the
 * file as history. Throws `app.TransactionNotFound`, `app.InvalidHash`, and the errors of reading.
 */
export async function investigateTransactions(
  options: InvestigateTransactionOptions,
): Promise<Investigation> {
  const source = await openSource(options.source)
  try {
    const hashes = options.hashes.length > 0 ? options.hashes : source.suspects
    return await investigateIn(source, { ...options, hashes })
  } finally {
    await source.close()
  }
}

/**
 * Investigates transactions of a node and writes all of the node's answers into a bundle file, with the state before
 * them and before ordinary transactions: from the file, the same investigation runs anywhere, and so does the attack
 * with one thing altered. Throws the errors of investigating.
 */
export async function freezeInvestigation(
  options: InvestigateTransactionOptions,
  file: string,
  legitimate: readonly string[] = [],
): Promise<void> {
  const hashes = options.hashes.map(hashOf)
  const source = openRecording(options.source, hashes)
  try {
    await investigateIn(source, options)
    await askForState(source.rpc, [...hashes, ...legitimate.map(hashOf)])
    await source.write(file)
  } finally {
    await source.close()
  }
}

/**
 * Requests data that is needed later: the state before, the changes, the transactions and their blocks’ times. A node
 * may refuse some.
 */
async function askForState(rpc: Rpc, hashes: readonly Hash[]): Promise<void> {
  const refused = (): void => undefined
  await fetchPrestate(rpc, hashes).catch(refused)
  for (const hash of hashes) {
    await fetchStateChanges(rpc, hash).catch(refused)
    await minedTransaction(rpc, hash).catch(refused)
  }
}

async function investigateIn(
  source: InvestigationSource,
  options: InvestigateTransactionOptions,
): Promise<Investigation> {
  const { scope, names = new Map(), full, view, decoding = {}, propose } = options
  const { suspects, record } = await suspectsIn(source, options)
  if (suspects.length === 0) throw notFound(options)
  const protect = scope.kind === 'contracts' ? scope.addresses : new Set<Address>()
  const { rpc } = source
  const told = { tokens: await tokensOf(suspects, rpc, options.tokens), rpc, block: blockBefore(suspects) }
  const prices = await pricesFrom(await readPrices(options.prices ?? []), told)
  const given = await abisFor(decoding.abis ?? [], suspects[0]?.facts.bundle.chainId ?? 0)
  const functions = namesWith(given)
  const said = { suspects, protect, names, functions, prices, tokens: told.tokens, full, view }
  const assessed = assess(said)
  options.onFirst?.(firstScreen(assessed, told.tokens))
  const decoder = await decoderFor(suspects, { ...decoding, given, rpc })
  const frames = suspects.flatMap(({ tx }) => tx.transaction.frames)
  const alone = withSourceLine(investigate({ ...said, decoder }, assessed), given, frames)
  const found = await beyondTransactions(alone, { ...options.beyond, suspects, record, rpc })
  const proposals = propose && (await proposeRules({ found, suspects, ...propose }))
  const spoken = spokenInTokens(proposals === undefined ? found : { ...found, proposals })
  const whole = given.length === 0 ? spoken : spokenInNames(spoken, functions)
  return options.storage === true && rpc !== null ? withStorage(whole, { suspects, abis: given, rpc }) : whole
}

async function tokensOf(
  suspects: readonly Suspect[],
  rpc: Rpc | null,
  lists: readonly string[] = [],
): Promise<Tokens> {
  return tokensFor(assetsIn(suspects.flatMap(({ tx }) => tx.facts)), {
    listed: await readTokenLists(lists, suspects[0]?.facts.bundle.chainId ?? 0),
    frames: suspects.flatMap(({ tx }) => tx.transaction.frames),
    rpc,
  })
}

/** A block at which an oracle’s answer is not yet the attack’s. */
function blockBefore(suspects: readonly Suspect[]): number {
  return Math.max(0, (suspects[0]?.facts.bundle.number ?? 1) - 1)
}

type Read = { suspects: Suspect[]; record: BlockRecord }

async function suspectsIn(
  source: InvestigationSource,
  { hashes, scope, blocks, beyond, recorded = [] }: InvestigateTransactionOptions,
): Promise<Read> {
  const wanted = new Set(hashes.map(hashOf))
  const record = startRecord()
  const onTrouble = (text: string): void => {
    record.trouble.push(text)
  }
  const read = blocks ?? factsOf(source.bundles([...wanted], { around: beyond?.around ?? 0, onTrouble }))
  const engine = createEngine({ detectors, scope })
  const suspects: Suspect[] = []
  const take = (facts: BlockFacts): void => {
    const findings = evaluateSettled(engine, facts)
    const isAlone = wanted.size === 0 && facts.transactions.length === 1
    for (const tx of facts.transactions) {
      const { hash } = tx.transaction
      if (!isAlone && !wanted.delete(hash)) continue
      suspects.push({
        facts,
        tx,
        findings: joined(findings.filter(about(hash)), recorded.filter(about(hash))),
        blind: blindIn(engine, facts)
          .filter(({ transactions }) => transactions.includes(hash))
          .map(({ detector, missing }) => `${detector}: no ${missing}`),
      })
    }
  }
  const isDone = (): boolean => suspects.length > 0 && wanted.size === 0
  await readRecord(read, { record, take, isDone, after: beyond?.around ?? BLOCKS_AFTER })
  if (wanted.size > 0 && suspects.length > 0) throw missing([...wanted])
  return { suspects, record }
}

function about(hash: Hash): (finding: Finding) => boolean {
  return ({ transactionHash }) => transactionHash === hash
}

/**
 * The present findings, and earlier ones of detectors that report nothing of the kind now; mined before pending ones.
 */
function joined(now: readonly Finding[], then: readonly Finding[]): Finding[] {
  const keyOf = ({ detector, categories }: Finding): string => `${detector} ${categories[0] ?? ''}`
  const said = new Set(now.map(keyOf))
  const mined = then.filter(({ pending }) => !pending)
  const minedToo = new Set(mined.map(keyOf))
  const pending = then.filter((finding) => finding.pending && !minedToo.has(keyOf(finding)))
  return [...now, ...[...mined, ...pending].filter((finding) => !said.has(keyOf(finding)))]
}

async function* factsOf(bundles: AsyncIterable<BlockBundle>): AsyncGenerator<BlockFacts> {
  for await (const bundle of bundles) yield blockFacts(bundle)
}

/** A transaction hash of the command line. Throws `app.InvalidHash`. */
export function hashOf(text: string): Hash {
  const parsed = hashSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new CordonError({
    code: 'app.InvalidHash',
    message: `“${text.slice(0, 70)}” is not a transaction hash.`,
    facts: { got: text.slice(0, 70) },
    fix: 'Give the transaction as 0x and 64 hex digits.',
  })
}

function missing(hashes: readonly string[]): CordonError {
  return new CordonError({
    code: 'app.TransactionNotFound',
    message: 'The source does not have some of these transactions.',
    facts: { transactions: hashes.slice(0, 10) },
    fix: 'Check --tx; all must be in the bundle file, or known to the node.',
  })
}

function notFound({ source, hashes }: InvestigateTransactionOptions): CordonError {
  return new CordonError({
    code: 'app.TransactionNotFound',
    message:
      hashes.length === 0
        ? 'Name a transaction with --tx: the source does not have exactly one.'
        : 'The source does not have this transaction.',
    facts: { source, ...(hashes.length === 0 ? {} : { transactions: hashes.slice(0, 10) }) },
    fix: 'Check --tx; a bundle file must contain the block of the transaction, and a node must still have it.',
  })
}
