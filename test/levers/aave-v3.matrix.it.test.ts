import type { SimulatedCall } from '../../src/contain/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import type { OperationKind } from '../../src/model/lever.ts'
import { MOST } from '../harness/aave-market.ts'
import {
  AAVE_PRICE,
  type AavePool,
  aaveAdmin,
  aTokenOf,
  borrow,
  deployAavePool,
  listReserve,
  supply,
} from '../harness/aave-pool.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { callTo, person, sendAll, type World } from '../harness/lever-world.ts'

const supplier = person(1)
const borrower = person(2)
const mixed = person(3)
const underwater = person(4)
const liquidator = person(5)

/** A market in use: everybody holds and has approved both assets; one borrower is under water after the price fell. */
async function useMarket(
  world: World,
  { pool, oracle }: AavePool,
  [main, other, falling]: readonly Address[],
) {
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

async function operationsOf(
  world: World,
  pool: Address,
  [main, falling]: readonly Address[],
): Promise<Operations> {
  if (main === undefined || falling === undefined) throw new Error('two reserves')
  const aToken = await aTokenOf(world, pool, main)
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

const templates = ['borrow-cap', 'supply-cap', 'reserve-freeze', 'reserve-pause', 'pool-pause']

leverMatrix(
  'aave-v3',
  templates.map((name) => `aave-v3/${name}`),
  async (world) => {
    const at = await deployAavePool(world)
    const assets: Address[] = []
    for (const symbol of ['MAIN', 'OTHER', 'FALLING']) assets.push(await listReserve(world, at, symbol))
    const [main = ZERO_ADDRESS, , falling = ZERO_ADDRESS] = assets
    await useMarket(world, at, assets)
    const operations = await operationsOf(world, at.pool, [main, falling])
    const trial: Trial = { target: at.pool, given: { asset: main }, caller: aaveAdmin, operations }
    return Object.fromEntries(templates.map((name) => [`aave-v3/${name}`, trial]))
  },
)
