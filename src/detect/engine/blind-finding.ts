import type { BlockBundle, Gap, Transaction } from '../../model/block.ts'
import type { Category } from '../../model/category.ts'
import type { Scope } from '../../model/detector.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { buildFinding } from '../lib/build-finding.ts'

export const BLIND_SPOT = 'blind-spot' satisfies Category

/** Senders whose transactions could not be traced, with their number; the oldest are forgotten. */
export type Untraceable = Map<Address, number>

/** Senders remembered. */
const MOST_SENDERS = 1_000

/**
 * Findings about transactions that could not be read although the block's others could: one that touches a protected
 * contract, or whose sender makes traces fail. A cheap transaction can have a trace that no node returns in time; so a
 * missing trace is itself a sign. That a node lacks traces or old state concerns every transaction equally, and is
 * reported by the chain's health instead.
 */
export function blindFindings(
  bundle: BlockBundle,
  { scope, senders }: { scope: Scope; senders: Untraceable },
): Finding[] {
  const untraced = new Map(
    bundle.gaps.flatMap((gap) => (gap.missing === 'traces' ? [[gap.transactionHash, gap]] : [])),
  )
  if (untraced.size === 0) return []
  return bundle.transactions.flatMap((transaction) => {
    const gap = untraced.get(transaction.hash)
    if (gap === undefined || !gap.isOwnFault) return []
    const repeats = noteSender(senders, transaction.from)
    return [findingAbout(transaction, { bundle, gap, touched: touchedBy(transaction, scope), repeats })]
  })
}

function noteSender(senders: Untraceable, from: Address | null): number {
  if (from === null) return 0
  const count = (senders.get(from) ?? 0) + 1
  senders.delete(from)
  senders.set(from, count)
  for (const oldest of senders.keys()) {
    if (senders.size <= MOST_SENDERS) break
    senders.delete(oldest)
  }
  return count
}

/** Protected contracts that it calls, creates or names in its calldata, or that logged in it. */
function touchedBy({ to, contractAddress, input, logs }: Transaction, scope: Scope): Address[] {
  if (scope.kind === 'everything') return []
  const named = new Set<Address>(
    (logs ?? []).flatMap(({ address, topics }) => [address, ...topics.map(lastBytes)]),
  )
  const mentions = (address: Address): boolean => input.includes(address.slice(2))
  return [...scope.addresses].filter(
    (it) => it === to || it === contractAddress || named.has(it) || mentions(it),
  )
}

function lastBytes(topic: string): Address {
  return `0x${topic.slice(-40)}`
}

type About = { bundle: BlockBundle; gap: Gap; touched: Address[]; repeats: number }

function findingAbout(transaction: Transaction, { bundle, gap, touched, repeats }: About): Finding {
  const { from, hash } = transaction
  const concern =
    touched.length > 0
      ? `it touches ${touched.join(', ')}, which is protected`
      : 'it touches nothing protected, as far as can be seen'
  const again = repeats > 1 ? `; its sender has made ${repeats} traces fail` : ''
  const statement = `transaction ${hash} could not be traced (${gap.reason}): ${concern}${again}`
  return buildFinding({ transaction }, bundle, {
    detector: BLIND_SPOT,
    severity: 'medium',
    confidence: touched.length > 0 || repeats > 1 ? 0.5 : 0.2,
    categories: [BLIND_SPOT],
    protected: touched,
    victims: touched,
    actors: from === null ? [] : [from],
    profit: [],
    loss: [],
    evidence: [{ statement, frames: [], amounts: [] }],
    message: `Cordon could not see a transaction: ${statement}. Cordon reads it again and then judges it.`,
  })
}
