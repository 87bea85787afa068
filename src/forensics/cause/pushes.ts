import type { SwapFact } from '../../model/fact.ts'
import { type Address, addressFromWord, wordAt, ZERO_ADDRESS } from '../../model/hex.ts'
import { OWN } from './crossings.ts'
import type { Sign, Suspicion } from './mechanism.ts'
import { payoutsOf } from './payouts.ts'

/** A pool that was traded in one direction before a payout and back after it. */
type Push = { pool: Address; before: number; after: number }

/**
 * A price was pushed: a pool other than the suspect was traded in one direction before the suspect paid and in the other afterwards,
 * or the suspect read or used a pool in its payout that had been traded before.
 */
export function pushedPrices({ evidence, suspect }: Suspicion): Sign[] {
  const { tx, side } = evidence.acting
  const [first, last] = payoutsOf(evidence, suspect)
  if (first === undefined || last === undefined) return []
  // shares that are issued and redeemed are no trades
  const issued = new Set<string>()
  for (const { asset, other, amount } of evidence.movements)
    if (other === ZERO_ADDRESS && amount > 0n) issued.add(asset)
  const swaps = tx.facts
    .filter((fact) => fact.kind === 'swap')
    .filter(({ pool }) => pool !== suspect && !side.has(pool))
    .filter(({ assetIn, assetOut }) => !issued.has(assetIn) && !issued.has(assetOut))
  const traded = new Map<Address, number>()
  for (const { pool, frame } of swaps) if (frame < last && !traded.has(pool)) traded.set(pool, frame)
  const used = usedPools({ evidence, suspect }, traded)
  const push = pushAround(swaps, { from: first, to: last })
  if (push === undefined && used === undefined) return []
  const pool = used?.pool ?? push?.pool
  const isUsed = used !== undefined
  const back = push?.pool === pool
  return [
    {
      category: 'price-manipulation',
      contract: suspect,
      confidence: isUsed && push !== undefined ? 0.7 : isUsed ? 0.6 : 0.5,
      statement: `Pool ${pool} was traded before ${suspect} paid${back ? ' and traded back afterwards' : ''}${isUsed ? `, and ${suspect} used its state` : ''}: it paid at a price that was made for it.`,
      frames: isUsed
        ? [traded.get(used.pool) ?? used.frame, used.frame]
        : [push?.before ?? first, first, push?.after ?? last],
    },
  ]
}

/** Amounts that are bought and sold back count as the same within this factor: others are two trades that have nothing in common. */
const SAME = 1.25

function pushAround(
  swaps: readonly SwapFact[],
  { from, to }: { from: number; to: number },
): Push | undefined {
  const before = new Map<string, { frame: number; bought: number }>()
  const after = new Map<string, { pool: Address; frame: number; sold: number }>()
  for (const { pool, assetIn, assetOut, amountIn, amountOut, frame } of swaps) {
    const buy = before.get(`${pool}${assetOut}`) ?? { frame, bought: 0 }
    if (frame < to)
      before.set(`${pool}${assetOut}`, {
        frame: Math.min(frame, buy.frame),
        bought: buy.bought + Number(amountOut),
      })
    const sale = after.get(`${pool}${assetIn}`) ?? { pool, frame, sold: 0 }
    if (frame > from)
      after.set(`${pool}${assetIn}`, {
        pool,
        frame: Math.max(frame, sale.frame),
        sold: sale.sold + Number(amountIn),
      })
  }
  for (const [key, { pool, frame, sold }] of after) {
    const buy = before.get(key)
    if (buy === undefined || buy.frame > frame) continue
    const factor = sold / buy.bought
    if (factor <= SAME && factor >= 1 / SAME) return { pool, before: buy.frame, after: frame }
  }
  return undefined
}

/** `balanceOf(address)` and other questions of one word. */
const QUESTION = 2 + 8 + 64

/** The first pool, traded before, that is asked or whose balance is asked inside a call of the side to the suspect. */
function usedPools(
  { evidence, suspect }: Suspicion,
  traded: ReadonlyMap<Address, number>,
): { pool: Address; frame: number } | undefined {
  const { tx, crossings } = evidence.acting
  const { frames } = tx.transaction
  for (const { index, context, input } of frames) {
    if (context === null || frames[crossings[index] ?? OWN]?.context !== suspect) continue
    const named = input.length === QUESTION ? addressFromWord(wordAt(input, 0, 10) ?? '') : undefined
    for (const pool of [context, named]) {
      const at = pool === undefined ? undefined : traded.get(pool)
      if (pool !== undefined && at !== undefined && at < index) return { pool, frame: index }
    }
  }
  return undefined
}
