import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { aaveAdmin, aTokenOf, deployAavePool, listReserve } from '../harness/aave-pool.ts'
import { operationsOf, useMarket } from '../harness/aave-users.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'

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
    const aToken = await aTokenOf(world, at.pool, main)
    const operations = operationsOf(at.pool, { main, aToken, falling })
    const trial: Trial = { target: at.pool, given: { asset: main }, caller: aaveAdmin, operations }
    return Object.fromEntries(templates.map((name) => [`aave-v3/${name}`, trial]))
  },
)
