import { z } from 'zod'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { perTransaction } from '../../lib/per-transaction.ts'

const options = z.strictObject({
  /** Share of both reserves that must leave together, basis points. */
  minShareBps: z.number().int().min(1).max(10_000).default(9_900),
})
type Options = z.infer<typeof options>

/** getReserves() */
const GET_RESERVES = '0x0902f1ac'

/**
 * Rug: an account takes at least 99 % of both assets out of a pool by burning its shares. Whether it is an insider is
 * not known here, and a migration looks the same, so it is never above `medium`: a reason to look, not to act.
 */
export const liquidityPull: Detector = perTransaction({
  id: 'liquidity-pull',
  title: 'Nearly all liquidity of a pool was taken out at once',
  options,
  evaluate,
})

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  const burning = burningPools(tx)
  const paid = burning.size === 0 ? NOTHING_PAID : paidBy(burning, tx)
  const claims = [...burning].flatMap((pool): Claim[] => {
    const concerned = (address: Address): boolean => inScope(scope, address)
    const taken = paid.get(pool) ?? []
    if (taken.length < 2 || ![pool, ...taken.map(({ asset }) => asset as Address)].some(concerned)) return []
    const [first, second] = reservesOf(tx, pool)
    const [a, b] = taken
    if (first === undefined || second === undefined || a === undefined || b === undefined) return []
    const share = (amount: bigint): boolean =>
      [first, second].some(
        (reserve) =>
          reserve > 0n && amount * 10_000n >= reserve * BigInt(options.minShareBps) && amount <= reserve,
      )
    if (!share(a.amount) || !share(b.amount)) return []
    return [
      {
        contract: pool,
        victims: [],
        confidence: 0.55,
        categories: ['rug'],
        statement: `Nearly all liquidity of ${pool} was taken out at once: ${a.amount} of ${a.asset} and ${b.amount} of ${b.asset}.`,
        frames: [a.frame, b.frame],
        amounts: taken.map(({ to, asset, amount }) => ({ account: to, asset, amount })),
      },
    ]
  })
  const actors = actorCluster(tx, scope)
  return findingFrom(claims, {
    detector: 'liquidity-pull',
    tx,
    actors,
    scope,
    bundle: facts.bundle,
    most: 'medium',
  })
}

/** Each pool once, however often it burned its own shares. */
function burningPools(tx: TransactionFacts): ReadonlySet<Address> {
  return new Set(
    tx.facts.flatMap((fact) =>
      fact.kind === 'transfer' && fact.to === ZERO_ADDRESS && fact.from === fact.asset ? [fact.from] : [],
    ),
  )
}

type Paid = ReadonlyMap<Address, readonly TransferFact[]>
const NOTHING_PAID: Paid = new Map()

function paidBy(pools: ReadonlySet<Address>, tx: TransactionFacts): Paid {
  const paid = new Map([...pools].map((pool): [Address, TransferFact[]] => [pool, []]))
  for (const fact of tx.facts)
    if (fact.kind === 'transfer' && fact.asset !== fact.from) paid.get(fact.from)?.push(fact)
  return paid
}

function reservesOf(tx: TransactionFacts, pool: Address): readonly bigint[] {
  const read = tx.facts.find(
    (fact) => fact.kind === 'valuation' && fact.source === pool && fact.selector === GET_RESERVES,
  )
  return read?.kind === 'valuation' ? read.answer : []
}
