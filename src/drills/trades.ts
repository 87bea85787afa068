import { z } from 'zod'
import type { Address } from '../model/hex.ts'
import { call } from './calls.ts'
import { type DrillChain, readView } from './chain.ts'
import type { DrillDeployment } from './deployment.ts'
import type { DrillCall } from './gas.ts'

/** The holdings of a pair, base units. */
export type Reserves = { usdc: bigint; acme: bigint }

/** A price gap between the exchanges below which the bot does not trade: the two fees, basis points. */
const FEES = 80n

const reservesSchema = z.tuple([z.bigint(), z.bigint(), z.number()])

export async function reservesOf(chain: DrillChain, at: DrillDeployment, pair: Address): Promise<Reserves> {
  const [first, second] = reservesSchema.parse(
    await readView(chain, { contract: 'UniswapV2Pair', at: pair, name: 'getReserves' }),
  )
  return at.usdc < at.acme ? { usdc: first, acme: second } : { usdc: second, acme: first }
}

/** One transaction that buys ACME on the cheaper exchange and sells it on the other, or none if that does not pay. */
export async function arbitrage(chain: DrillChain, at: DrillDeployment): Promise<readonly DrillCall[]> {
  const [one, two] = await Promise.all([reservesOf(chain, at, at.pair), reservesOf(chain, at, at.pair2)])
  const oneIsCheap = one.usdc * two.acme < two.usdc * one.acme
  const [cheap, dear] = oneIsCheap ? [one, two] : [two, one]
  const amount = amountToMove(cheap, dear)
  if (amount <= 0n) return []
  const pairs = oneIsCheap ? [at.pair, at.pair2] : [at.pair2, at.pair]
  const run = call('arbitrageur', at.arbBot, 'ArbBot', 'run', [...pairs, amount])
  return [{ ...run, label: 'arbitrage' }]
}

/**
 * About half of the ACME that would make both prices equal, which leaves a profit after the fees. To first order a
 * pair's price moves by twice the share of its ACME that is traded.
 */
function amountToMove(cheap: Reserves, dear: Reserves): bigint {
  const gap = (dear.usdc * cheap.acme * 10_000n) / (cheap.usdc * dear.acme) - 10_000n - FEES
  return (gap * cheap.acme * dear.acme) / (cheap.acme + dear.acme) / 40_000n
}
