import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { addressAt, callTo, deploy, packaged, person, sendAll, type World } from './lever-world.ts'

/* Aave v2 from its npm package: the real pool, configurator, collateral manager and tokens. */

/** Pool admin and emergency admin of a new market. */
export const aaveV2Admin = person(0)
const RAY = 10n ** 27n
const PRICE = 1_000n
const aave = (name: string) => packaged('aave/protocol-v2', name)

export type AaveV2Pool = {
  pool: Address
  provider: Address
  configurator: Address
  oracle: Address
  rates: Address
}

export async function deployAaveV2Pool(world: World): Promise<AaveV2Pool> {
  const provider = await deploy(world, aave('LendingPoolAddressesProvider'), { args: ['test'] })
  const libraries: Record<string, Address> = {}
  for (const name of ['ReserveLogic', 'GenericLogic', 'ValidationLogic'])
    libraries[name] = await deploy(world, aave(name), { libraries })
  const pool = await deploy(world, aave('LendingPool'), { libraries })
  const configurator = await deploy(world, aave('LendingPoolConfigurator'), { libraries })
  const manager = await deploy(world, aave('LendingPoolCollateralManager'), { libraries })
  const oracle = await deploy(world, aave('PriceOracle'))
  const rates = await deploy(world, aave('LendingRateOracle'))
  const settings: readonly [string, Address][] = [
    ['setPoolAdmin(address)', aaveV2Admin],
    ['setEmergencyAdmin(address)', aaveV2Admin],
    ['setPriceOracle(address)', oracle],
    ['setLendingRateOracle(address)', rates],
    ['setLendingPoolCollateralManager(address)', manager],
    ['setLendingPoolImpl(address)', pool],
    ['setLendingPoolConfiguratorImpl(address)', configurator],
  ]
  await sendAll(
    world,
    settings.map(([signature, value]) => callTo(provider, signature, { args: [value] })),
  )
  return {
    provider,
    oracle,
    rates,
    pool: await addressAt(world, provider, ['getLendingPool()']),
    configurator: await addressAt(world, provider, ['getLendingPoolConfigurator()']),
  }
}

export async function listV2Reserve(world: World, at: AaveV2Pool, symbol: string): Promise<Address> {
  const asset = await deploy(world, aave('MintableERC20'), { args: [symbol, symbol, 18] })
  const { pool, configurator, oracle, provider } = at
  const aToken = await deploy(world, aave('AToken'), {
    args: [pool, asset, aaveV2Admin, symbol, symbol, ZERO_ADDRESS],
  })
  const debts: Address[] = []
  for (const name of ['StableDebtToken', 'VariableDebtToken'])
    debts.push(await deploy(world, aave(name), { args: [pool, asset, symbol, symbol, ZERO_ADDRESS] }))
  const strategy = await deploy(world, aave('DefaultReserveInterestRateStrategy'), {
    args: [provider, (RAY * 8n) / 10n, 0n, RAY / 20n, RAY, RAY / 20n, RAY],
  })
  const configure = (signature: string, ...args: readonly unknown[]) =>
    callTo(configurator, signature, { args })
  await sendAll(world, [
    configure('initReserve(address,address,address,uint8,address)', aToken, ...debts, 18, strategy),
    configure(
      'configureReserveAsCollateral(address,uint256,uint256,uint256)',
      asset,
      7_500n,
      8_000n,
      10_500n,
    ),
    configure('enableBorrowingOnReserve(address,bool)', asset, false),
    callTo(oracle, 'setAssetPrice(address,uint256)', { args: [asset, PRICE] }),
  ])
  return asset
}

/** Place of the aToken in what `getReserveData` answers: v2 has no accrual fields of v3 before it. */
const ATOKEN_WORD = 7

export async function aTokenOfV2({ rpc }: World, pool: Address, asset: Address): Promise<Address> {
  const { data } = callTo(pool, 'getReserveData(address)', { args: [asset] })
  const answer = String(await rpc.request('eth_call', [{ to: pool, data }, 'latest']))
  return `0x${answer.slice(2 + ATOKEN_WORD * 64 + 24, 2 + (ATOKEN_WORD + 1) * 64)}`
}
