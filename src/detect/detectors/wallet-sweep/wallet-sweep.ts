import { z } from 'zod'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { givenAddressSchema } from '../../../model/given-address.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'

const options = z.strictObject({
  /** Different assets that must go to the stranger. */
  minAssets: z.number().int().min(2).default(3),
  /** Within this many blocks. */
  windowBlocks: z.number().int().min(1).default(300),
  /** Receivers that may get everything at any time: the new wallet of an announced rotation. */
  expected: z.array(givenAddressSchema).default([]),
})
type Options = z.infer<typeof options>

/** The assets that one protected wallet sent to one receiver that it had not paid before. */
type Sweep = { since: number; assets: Map<string, bigint> }
type Memory = { paid: Map<Address, Set<Address>>; sweeps: Map<string, Sweep>; firstBlock: number | null }

const MOST_RECEIVERS = 10_000

/**
 * Hot-wallet key theft: a protected account that is not a contract sends several kinds of asset to one receiver that it
 * has never paid, within a short time. A rotation looks the same: announce the new wallet in `expected`. A wallet that
 * was not watched for long has no known receivers, so findings in the first blocks have a lower severity.
 */
export const walletSweep: Detector<Memory, Options> = {
  id: 'wallet-sweep',
  title: 'A wallet sends everything it has to a stranger',
  layer: 'pattern',
  needs: ['traces'],
  options,
  init: () => ({ paid: new Map(), sweeps: new Map(), firstBlock: null }),
  stateVersion: 1,
  snapshot: (memory) => structuredClone(memory),
  evaluate: (input, memory, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, { input, memory, options })),
}

type Work = { input: DetectorInput; memory: Memory; options: Options }

function evaluate(tx: TransactionFacts, { input, memory, options }: Work): Finding[] {
  const { scope, facts } = input
  const { from } = tx.transaction
  memory.firstBlock ??= facts.bundle.number
  if (scope.kind !== 'contracts' || from === null || !scope.addresses.has(from)) return []
  const sent = tx.facts.filter(
    (fact) => fact.kind === 'transfer' && fact.from === from && fact.to !== ZERO_ADDRESS && fact.amount > 0n,
  )
  const isYoung = facts.bundle.number - memory.firstBlock < options.windowBlocks
  const claims: Claim[] = []
  for (const fact of sent) {
    if (fact.kind !== 'transfer' || options.expected.includes(fact.to)) continue
    const sweep = noteSent(memory, {
      wallet: from,
      to: fact.to,
      at: facts.bundle.number,
      window: options.windowBlocks,
    })
    if (sweep === undefined) continue
    sweep.assets.set(fact.asset, (sweep.assets.get(fact.asset) ?? 0n) + fact.amount)
    if (sweep.assets.size < options.minAssets) continue
    claims.push({
      contract: from,
      victims: [],
      confidence: isYoung ? 0.6 : 0.8,
      categories: ['key-compromise'],
      statement: `${from} has sent ${sweep.assets.size} kinds of asset to ${fact.to}, whom it never paid before block ${sweep.since}.`,
      frames: [fact.frame],
      amounts: [{ account: fact.to, asset: fact.asset, amount: fact.amount }],
    })
  }
  const actors = new Set(claims.flatMap(({ amounts }) => (amounts ?? []).map(({ account }) => account)))
  return findingFrom(claims, { detector: 'wallet-sweep', tx, actors, scope, bundle: facts.bundle })
}

type Payment = { wallet: Address; to: Address; at: number; window: number }

/** The sweep that a payment belongs to; undefined for a receiver that was paid long before. */
function noteSent(memory: Memory, { wallet, to, at, window }: Payment): Sweep | undefined {
  let receivers = memory.paid.get(wallet)
  if (receivers === undefined) {
    receivers = new Set()
    memory.paid.set(wallet, receivers)
  }
  const key = `${wallet}${to}`
  const sweep = memory.sweeps.get(key)
  if (sweep !== undefined && at - sweep.since <= window) return sweep
  if (sweep !== undefined) memory.sweeps.delete(key)
  if (receivers.has(to)) return undefined
  receivers.add(to)
  if (receivers.size > MOST_RECEIVERS) for (const oldest of receivers) if (receivers.delete(oldest)) break
  const begun: Sweep = { since: at, assets: new Map() }
  memory.sweeps.set(key, begun)
  return begun
}
