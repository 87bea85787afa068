import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import type { OperationKind } from '../../src/model/lever.ts'
import { MOST } from './aave-market.ts'
import { AAVE_PRICE } from './aave-pool.ts'
import { callTo, person, sendAll, type World } from './lever-world.ts'

/* Users of an Aave market, each with a position for one operation. */

const supplier = person(1)
const borrower = person(2)
const mixed = person(3)
const underwater = person(4)
const liquidator = person(5)

/** A market in use: everybody holds and has approved both assets; one borrower is under water after the price fell. */
export async function useMarket(
  world: World,
  { pool, oracle }: { pool: Address; oracle: Address },
  [main, other, falling]: readonly Address[],
): Promise<void> {
  if (main === undefined || other === undefined || falling === undefined) throw new Error('three reserves')
  const people = [supplier, borrower, mixed, underwater, liquidator]
  for (const asset of [main, other, falling])
    await sendAll(
      world,
      people.flatMap((from) => [
        callTo(asset, 'mint(uint256)', { args: [10_000n * 10n ** 18n], from }),
        callTo(asset, 'approve(address,uint256)', { args: [pool, MOST], from }),
      ]),
    )
  const coins = (amount: bigint) => amount * 10n ** 18n
  await sendAll(world, [
    supply(pool, main, coins(5_000n), supplier),
    supply(pool, other, coins(5_000n), supplier),
    supply(pool, other, coins(1_000n), borrower),
    borrow(pool, main, coins(100n), borrower),
    supply(pool, main, coins(1_000n), mixed),
    borrow(pool, other, coins(100n), mixed),
    supply(pool, falling, coins(1_000n), underwater),
    borrow(pool, main, coins(700n), underwater),
    callTo(oracle, 'setAssetPrice(address,uint256)', { args: [falling, (AAVE_PRICE * 8n) / 10n] }),
  ])
}

type Operations = Readonly<Partial<Record<OperationKind, SimulatedCall>>>

export type Reserves = { main: Address; aToken: Address; falling: Address }

/** One call of each kind that succeeds in such a market. */
export function operationsOf(pool: Address, { main, aToken, falling }: Reserves): Operations {
  const some = 10n ** 18n
  const liquidation = [falling, main, underwater, 10n * some, false]
  return {
    supply: supply(pool, main, some, supplier),
    'top-up': supply(pool, main, some, mixed),
    repay: callTo(pool, 'repay(address,uint256,uint256,address)', {
      args: [main, some, 2n, borrower],
      from: borrower,
    }),
    borrow: borrow(pool, main, some, borrower),
    withdraw: callTo(pool, 'withdraw(address,uint256,address)', {
      args: [main, some, supplier],
      from: supplier,
    }),
    transfer: callTo(aToken, 'transfer(address,uint256)', { args: [borrower, some], from: supplier }),
    liquidate: callTo(pool, 'liquidationCall(address,address,address,uint256,bool)', {
      args: liquidation,
      from: liquidator,
    }),
  }
}

/** v3 still knows the name that v2 gave it. */
function supply(pool: Address, asset: Address, amount: bigint, from: Address): SimulatedCall {
  return callTo(pool, 'deposit(address,uint256,address,uint16)', { args: [asset, amount, from, 0], from })
}

function borrow(pool: Address, asset: Address, amount: bigint, from: Address): SimulatedCall {
  return callTo(pool, 'borrow(address,uint256,uint256,uint16,address)', {
    args: [asset, amount, 2n, 0, from],
    from,
  })
}
