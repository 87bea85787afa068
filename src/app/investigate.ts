import { readBundles } from '../chain/bundle/read.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchBundle } from '../chain/rpc/fetch-bundle.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import { createEngine, evaluateSettled } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import { investigate } from '../forensics/investigate.ts'
import { CordonError } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import { type Hash, hashSchema } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'

export type InvestigateTransactionOptions = {
  /** A bundle file or a JSON-RPC URL. */
  source: string
  /** May be left out where the bundle has one transaction. */
  hash?: string
  scope: Scope
  full: boolean
}

/**
 * Finds a transaction in a bundle file or at a node and investigates it, with everything before it in the file as
 * history. Throws `app.TransactionNotFound`, `app.InvalidHash`, and what reading throws.
 */
export async function investigateTransaction(options: InvestigateTransactionOptions): Promise<Investigation> {
  const hash = options.hash === undefined ? undefined : hashOf(options.hash)
  const bundles = /^(https?|wss?):\/\//.test(options.source)
    ? fromRpc(options.source, hash)
    : readBundles(options.source)
  const engine = createEngine({ detectors, scope: options.scope })
  for await (const bundle of bundles) {
    const facts = blockFacts(bundle)
    const findings = evaluateSettled(engine, facts)
    const only = facts.transactions.length === 1 ? facts.transactions[0] : undefined
    const tx =
      hash === undefined ? only : facts.transactions.find(({ transaction }) => transaction.hash === hash)
    if (tx === undefined) continue
    return investigate({
      facts,
      tx,
      findings: findings.filter((finding) => finding.transactionHash === tx.transaction.hash),
      blind: [...engine.blind.values()].map(({ detector, missing }) => `${detector}: no ${missing}`),
      names: new Map(),
      full: options.full,
    })
  }
  throw notFound(options)
}

async function* fromRpc(url: string, hash: string | undefined): AsyncGenerator<BlockBundle> {
  const rpc = createRpc({ urls: [url] })
  try {
    const capabilities = await probeCapabilities(rpc)
    if (hash === undefined) return
    const found = (await rpc.request('eth_getTransactionByHash', [hash])) as { blockHash?: unknown } | null
    if (typeof found?.blockHash === 'string') yield await fetchBundle(found.blockHash, { rpc, capabilities })
  } finally {
    await rpc.close()
  }
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

function notFound({ source, hash }: InvestigateTransactionOptions): CordonError {
  return new CordonError({
    code: 'app.TransactionNotFound',
    message:
      hash === undefined
        ? 'Say which transaction: there is not exactly one.'
        : 'There is no such transaction there.',
    facts: { source, ...(hash === undefined ? {} : { transaction: hash }) },
    fix: 'Check --tx; a bundle file must hold the transaction’s block, and a node must still know it.',
  })
}
