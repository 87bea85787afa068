import { readBundles } from '../chain/bundle/read.ts'
import { createEngine, evaluateSettled } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import type { TreeView } from '../forensics/call-tree.ts'
import { investigate, type Suspect } from '../forensics/investigate.ts'
import { CordonError } from '../kit/error.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts } from '../model/fact.ts'
import { type Address, type Hash, hashSchema } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import { type DecodingOptions, decoderFor } from './decoding.ts'
import { functionNames } from './function-names.ts'
import { type BeyondOptions, beyondTransactions } from './investigate/beyond.ts'
import { nodeBlocks } from './investigate/node-blocks.ts'
import { BLOCKS_AFTER, type BlockRecord, readRecord, startRecord } from './investigate/record.ts'
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
  /** What of actors and scope is looked at besides the transactions. */
  beyond?: BeyondOptions
}

/**
 * Finds transactions in a bundle file or at a node and investigates them together, with everything before them in the file
 * as history. Throws `app.TransactionNotFound`, `app.InvalidHash`, and what reading throws.
 */
export async function investigateTransactions(
  options: InvestigateTransactionOptions,
): Promise<Investigation> {
  const { scope, names = new Map(), full, view, source, decoding = {}, beyond } = options
  const { suspects, record } = await suspectsIn(options)
  if (suspects.length === 0) throw notFound(options)
  const protect = scope.kind === 'contracts' ? scope.addresses : new Set<Address>()
  const decoder = await decoderFor(suspects, { ...decoding, url: isUrl(source) ? source : null })
  const alone = investigate({ suspects, protect, names, functions: functionNames, full, view, decoder })
  const url = isUrl(source) ? source : null
  const found = await beyondTransactions(alone, { ...beyond, suspects, record, url })
  return options.storage === true && isUrl(source)
    ? withStorage(found, { suspects, abis: decoding.abis ?? [], url: source })
    : found
}

function isUrl(source: string): boolean {
  return /^(https?|wss?):\/\//.test(source)
}

type Read = { suspects: Suspect[]; record: BlockRecord }

async function suspectsIn({ source, hashes, scope, beyond }: InvestigateTransactionOptions): Promise<Read> {
  const wanted = new Set(hashes.map(hashOf))
  const record = startRecord()
  const { history = 0 } = beyond ?? {}
  const bundles = isUrl(source)
    ? nodeBlocks({
        url: source,
        hashes: [...wanted],
        history,
        onTrouble: (text) => record.trouble.push(text),
      })
    : readBundles(source)
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
        findings: findings.filter(({ transactionHash }) => transactionHash === hash),
        blind: [...engine.blind.values()].map(({ detector, missing }) => `${detector}: no ${missing}`),
      })
    }
  }
  const isDone = (): boolean => suspects.length > 0 && wanted.size === 0
  await readRecord(bundles, { record, take, isDone, after: beyond?.history ?? BLOCKS_AFTER })
  if (wanted.size > 0 && suspects.length > 0) throw missing([...wanted])
  return { suspects, record }
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
