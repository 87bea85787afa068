import { writeFile } from 'node:fs/promises'
import { readBundles } from '../chain/bundle/read.ts'
import { ifMalformed } from '../chain/methods/answer.ts'
import { getBlockNumber } from '../chain/methods/get-block-number.ts'
import { getTransaction } from '../chain/methods/get-transaction.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchBundle } from '../chain/rpc/fetch-bundle.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import { createEngine, evaluateSettled } from '../detect/engine/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import type { AddressLabels } from '../files/address-labels.ts'
import { labelsOn } from '../files/address-labels.ts'
import { finishFlow } from '../forensics/fund-flow/finish.ts'
import { followTheft, followTransaction } from '../forensics/fund-flow/follow.ts'
import { losersOf, stolenIn } from '../forensics/fund-flow/sources.ts'
import { type Flow, startFlow } from '../forensics/fund-flow/state.ts'
import { assess } from '../forensics/investigate.ts'
import { CordonError } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { FlowSource, FundFlow } from '../model/fund-flow.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { Tokens } from '../model/token.ts'
import { readTokenLists, tokensFor } from '../names/tokens.ts'
import { fundFlowSvg } from '../reports/fund-flow-svg.ts'
import { hashOf } from './investigate.ts'

export type FollowFundsOptions = {
  /** A bundle file or a JSON-RPC URL. */
  source: string
  hash: string
  /** The stolen amount and its owner; by default the losses from an investigation. */
  stolen?: FlowSource
  /** Blocks to follow after the theft's block: by default all of a file, or 50 of a node. */
  blocks?: number
  /** Blocks without a transfer after which an account that holds taint is dormant. */
  dormantBlocks?: number
  scope: Scope
  labels: AddressLabels
  signal?: AbortSignal
  progress?: (text: string) => void
}

const BLOCKS_OF_NODE = 50

/**
 * Follows the funds stolen in a transaction through the rest of its block and the blocks after it. Throws
 * `app.TransactionNotFound`, `app.NothingStolen`, `app.InvalidHash`, and the errors of reading.
 */
export async function followFunds(options: FollowFundsOptions): Promise<FundFlow> {
  const { blocks, signal, progress } = options
  const hash = hashOf(options.hash)
  const asksNode = isNode(options.source)
  const wanted = blocks ?? (asksNode ? BLOCKS_OF_NODE : Number.POSITIVE_INFINITY)
  const bundles = asksNode ? fromNode(options.source, hash, wanted) : readBundles(options.source)
  const engine = createEngine({ detectors, scope: options.scope })
  let flow: Flow | undefined
  for await (const bundle of bundles) {
    if (signal?.aborted) break
    const facts = blockFacts(bundle)
    if (flow === undefined) {
      const findings = evaluateSettled(engine, facts)
      flow = begin(facts, { findings, hash, options })
      continue
    }
    if (bundle.chainId !== flow.chainId) continue
    if (bundle.number - flow.fromBlock > wanted) break
    for (const tx of facts.transactions) followTransaction(flow, tx, bundle.number)
    progress?.(`block ${bundle.number} · ${flow.edges.length} movements`)
  }
  if (flow === undefined) throw notFound(options)
  const { dormantBlocks } = options
  return finishFlow(flow, dormantBlocks === undefined ? {} : { dormantBlocks })
}

/**
 * The names of the flow's tokens: from the shipped lists, otherwise from the contracts, by the node that it was read
 * from.
 */
export async function tokensOfFlow(
  { chainId, sources, edges, totals }: FundFlow,
  source: string,
): Promise<Tokens> {
  const listed = await readTokenLists([], chainId)
  const assets = new Set([...sources, ...edges, ...totals].map(({ asset }) => asset))
  if (!isNode(source)) return tokensFor(assets, { listed, frames: [], rpc: null })
  const rpc = createRpc({ urls: [source] })
  try {
    return await tokensFor(assets, { listed, frames: [], rpc })
  } finally {
    await rpc.close()
  }
}

function isNode(source: string): boolean {
  return /^(https?|wss?):\/\//.test(source)
}

/** Draws a fund flow to a file: static, without script. */
export async function writeFundFlowSvg(
  found: FundFlow,
  { file, tokens }: { file: string; tokens: Tokens },
): Promise<void> {
  await writeFile(file, fundFlowSvg(found, [...tokens.values()]))
}

type Beginning = { findings: readonly Finding[]; hash: Hash; options: FollowFundsOptions }

/** Starts at the theft, if it is in this block: the losers and the takers are those of an investigation. */
function begin(facts: BlockFacts, { findings, hash, options }: Beginning): Flow | undefined {
  const { bundle, transactions } = facts
  const place = transactions.findIndex(({ transaction }) => transaction.hash === hash)
  const theft = transactions[place]
  if (theft === undefined) return undefined
  const about = findings.filter(({ transactionHash }) => transactionHash === hash)
  const { victims, cluster } = assess({
    suspects: [{ facts, tx: theft, findings: about, blind: [] }],
    protect: protectedIn(options.scope),
    names: new Map(),
    functions: new Map(),
    full: false,
  })
  const flow = startFlow({
    chainId: bundle.chainId,
    block: bundle.number,
    sources: options.stolen === undefined ? stolenBy(theft, victims, about) : [options.stolen],
    labels: labelsOn(options.labels, bundle.chainId),
    actors: [...new Set([...cluster, ...about.flatMap(({ actors }) => actors)])],
  })
  followTheft(flow, theft, bundle.number)
  for (const tx of transactions.slice(place + 1)) followTransaction(flow, tx, bundle.number)
  return flow
}

function protectedIn(scope: Scope): ReadonlySet<Address> {
  return scope.kind === 'contracts' ? scope.addresses : new Set()
}

function stolenBy(
  theft: TransactionFacts,
  victims: Investigation['victims'],
  findings: readonly Finding[],
): readonly FlowSource[] {
  const sources = stolenIn(theft, losersOf(victims), findings)
  if (sources.length > 0) return sources
  throw new CordonError({
    code: 'app.NothingStolen',
    message: 'Nobody lost anything in this transaction that Cordon can follow.',
    facts: { transaction: theft.transaction.hash, findings: findings.length },
    fix: 'Say what was lost: --from ADDR --asset ADDR|native --amount N, where --from is the account that lost it.',
  })
}

async function* fromNode(url: string, hash: Hash, blocks: number): AsyncGenerator<BlockBundle> {
  const rpc = createRpc({ urls: [url] })
  try {
    const capabilities = await probeCapabilities(rpc)
    const mined = await getTransaction(rpc, hash).catch(ifMalformed(null))
    if (mined === null || mined.blockHash === null) return
    const first = await fetchBundle(mined.blockHash, { rpc, capabilities })
    yield first
    const head = await getBlockNumber(rpc)
    const last = Math.min(head, first.number + blocks)
    for (let number = first.number + 1; number <= last; number++)
      yield await fetchBundle(number, { rpc, capabilities })
  } finally {
    await rpc.close()
  }
}

function notFound({ source, hash }: FollowFundsOptions): CordonError {
  return new CordonError({
    code: 'app.TransactionNotFound',
    message: 'The source does not have this transaction.',
    facts: { source, transaction: hash },
    fix: 'Check --tx; a bundle file must contain the block of the transaction, and a node must still have it.',
  })
}
