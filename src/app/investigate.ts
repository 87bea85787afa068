import { z } from 'zod'
import { readBundles } from '../chain/bundle/read.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchBundle } from '../chain/rpc/fetch-bundle.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import { createEngine, evaluateSettled } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import type { TreeView } from '../forensics/call-tree.ts'
import { investigate, type Suspect } from '../forensics/investigate.ts'
import { CordonError } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts } from '../model/fact.ts'
import { type Address, type Hash, hashSchema, quantitySchema } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import { type DecodingOptions, decoderFor } from './decoding.ts'
import { functionNames } from './function-names.ts'
import { withStorage } from './storage-changes.ts'

export type InvestigateTransactionOptions = {
  /** A bundle file or a JSON-RPC URL. */
  source: string
  /** May be left out where a bundle has one transaction. In any order: they are investigated in the chain's. */
  hashes: readonly string[]
  scope: Scope
  names?: ReadonlyMap<Address, string>
  full: boolean
  /** What of the tree is shown. */
  view?: TreeView
  decoding?: DecodingOptions
  /** Say what changed in storage; only a node can. */
  storage?: boolean
  /** Blocks that stand for what the source has. */
  blocks?: readonly BlockFacts[]
}

/**
 * Finds transactions in a bundle file or at a node and investigates them together, with everything before them in the file
 * as history. Throws `app.TransactionNotFound`, `app.InvalidHash`, and what reading throws.
 */
export async function investigateTransactions(
  options: InvestigateTransactionOptions,
): Promise<Investigation> {
  const { scope, names = new Map(), full, view, source, decoding = {} } = options
  const suspects = await suspectsIn(options)
  if (suspects.length === 0) throw notFound(options)
  const protect = scope.kind === 'contracts' ? scope.addresses : new Set<Address>()
  const decoder = await decoderFor(suspects, { ...decoding, url: isUrl(source) ? source : null })
  const found = investigate({ suspects, protect, names, functions: functionNames, full, view, decoder })
  return options.storage === true && isUrl(source)
    ? withStorage(found, { suspects, abis: decoding.abis ?? [], url: source })
    : found
}

export function isUrl(source: string): boolean {
  return /^(https?|wss?):\/\//.test(source)
}

async function suspectsIn(options: InvestigateTransactionOptions): Promise<Suspect[]> {
  const { source, hashes, scope, blocks } = options
  const wanted = new Set(hashes.map(hashOf))
  const bundles = isUrl(source) ? fromRpc(source, [...wanted]) : readBundles(source)
  const engine = createEngine({ detectors, scope })
  const suspects: Suspect[] = []
  for await (const facts of blocks ?? factsOf(bundles)) {
    const findings = evaluateSettled(engine, facts)
    const isAlone = wanted.size === 0 && facts.transactions.length === 1
    for (const tx of facts.transactions) {
      const { hash } = tx.transaction
      if (!isAlone && !wanted.delete(hash)) continue
      suspects.push({
        facts,
        tx,
        findings: findings.filter(({ transactionHash }) => transactionHash === hash),
        blind: [...engine.blind.values()].map(({ detector, missing }) => `${detector}: no ${missing}`),
      })
      if (isAlone || wanted.size === 0) return suspects
    }
  }
  if (wanted.size > 0 && suspects.length > 0) throw missing([...wanted])
  return suspects
}

async function* factsOf(bundles: AsyncIterable<BlockBundle>): AsyncGenerator<BlockFacts> {
  for await (const bundle of bundles) yield blockFacts(bundle)
}

async function* fromRpc(url: string, hashes: readonly string[]): AsyncGenerator<BlockBundle> {
  const rpc = createRpc({ urls: [url] })
  try {
    const capabilities = await probeCapabilities(rpc)
    const blocks = new Map<string, number>()
    for (const hash of hashes) {
      const found = foundSchema.safeParse(await rpc.request('eth_getTransactionByHash', [hash]))
      if (found.success) blocks.set(found.data.blockHash, Number(found.data.blockNumber))
    }
    const inOrder = [...blocks].sort((a, b) => a[1] - b[1])
    for (const [blockHash] of inOrder) yield await fetchBundle(blockHash, { rpc, capabilities })
  } finally {
    await rpc.close()
  }
}

const foundSchema = z.object({ blockHash: hashSchema, blockNumber: quantitySchema })

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
    message: 'Some of these transactions are not there.',
    facts: { transactions: hashes.slice(0, 10) },
    fix: 'Check --tx; all must be in the bundle file, or known to the node.',
  })
}

function notFound({ source, hashes }: InvestigateTransactionOptions): CordonError {
  return new CordonError({
    code: 'app.TransactionNotFound',
    message:
      hashes.length === 0
        ? 'Say which transaction: there is not exactly one.'
        : 'There is no such transaction there.',
    facts: { source, ...(hashes.length === 0 ? {} : { transactions: hashes.slice(0, 10) }) },
    fix: 'Check --tx; a bundle file must hold the transaction’s block, and a node must still know it.',
  })
}
