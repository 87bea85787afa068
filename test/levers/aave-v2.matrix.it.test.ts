import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { operationsOf, useMarket } from '../harness/aave-users.ts'
import { aaveV2Admin, aTokenOfV2, deployAaveV2Pool, listV2Reserve } from '../harness/aave-v2-pool.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'

const templates = ['borrowing-off', 'reserve-freeze', 'pool-pause']

leverMatrix(
  'aave-v2',
  templates.map((name) => `aave-v2/${name}`),
  async (world) => {
    const at = await deployAaveV2Pool(world)
    const assets: Address[] = []
    for (const symbol of ['MAIN', 'OTHER', 'FALLING']) assets.push(await listV2Reserve(world, at, symbol))
    const [main = ZERO_ADDRESS, , falling = ZERO_ADDRESS] = assets
    await useMarket(world, at, assets)
    const aToken = await aTokenOfV2(world, at.pool, main)
    const operations = operationsOf(at.pool, { main, aToken, falling })
    const trial: Trial = { target: at.pool, given: { asset: main }, caller: aaveV2Admin, operations }
    return Object.fromEntries(templates.map((name) => [`aave-v2/${name}`, trial]))
  },
)
