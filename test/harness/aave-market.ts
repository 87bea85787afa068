import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import { aTokenOf, deployAavePool, listReserve } from './aave-pool.ts'
import { aTokenOfV2, deployAaveV2Pool, listV2Reserve } from './aave-v2-pool.ts'
import { addressAt, callTo, person, sendAll, type World } from './lever-world.ts'

/** A market of Aave’s with two reserves, of either version. */
export type AaveMarket = {
  pool: Address
  provider: Address
  assets: readonly Address[]
  /** The tokens that hold what is lent, in the order of the assets. */
  aTokens: readonly Address[]
  /** Gives an account the role that may pause. */
  emergencyAdmin(account: Address): SimulatedCall
}

export const MOST = 2n ** 256n - 1n
const SYMBOLS = ['COLLATERAL', 'LOAN'] as const

export async function openAaveV3(world: World): Promise<AaveMarket> {
  const at = await deployAavePool(world)
  const acl = await addressAt(world, at.provider, ['getACLManager()'])
  const assets: Address[] = []
  for (const symbol of SYMBOLS) assets.push(await listReserve(world, at, symbol))
  return {
    ...at,
    assets,
    aTokens: await Promise.all(assets.map((asset) => aTokenOf(world, at.pool, asset))),
    emergencyAdmin: (account) => callTo(acl, 'addEmergencyAdmin(address)', { args: [account] }),
  }
}

export async function openAaveV2(world: World): Promise<AaveMarket> {
  const at = await deployAaveV2Pool(world)
  const assets: Address[] = []
  for (const symbol of SYMBOLS) assets.push(await listV2Reserve(world, at, symbol))
  return {
    ...at,
    assets,
    aTokens: await Promise.all(assets.map((asset) => aTokenOfV2(world, at.pool, asset))),
    emergencyAdmin: (account) => callTo(at.provider, 'setEmergencyAdmin(address)', { args: [account] }),
  }
}

/** Two people deposit in both reserves, and one borrows a little, as ordinary users do. */
export async function useReserves(world: World, { pool, assets }: AaveMarket, amount: bigint): Promise<void> {
  const people = [person(1), person(2)]
  for (const from of people)
    for (const asset of assets)
      await sendAll(world, [
        callTo(asset, 'mint(uint256)', { args: [amount], from }),
        callTo(asset, 'approve(address,uint256)', { args: [pool, MOST], from }),
        callTo(pool, 'deposit(address,uint256,address,uint16)', {
          args: [asset, amount / 2n, from, 0],
          from,
        }),
      ])
  const [from] = people
  if (from === undefined) throw new Error('somebody borrows')
  const args = [assets[1], amount / 20n, 2n, 0, from]
  await sendAll(world, [callTo(pool, 'borrow(address,uint256,uint256,uint16,address)', { args, from })])
}
