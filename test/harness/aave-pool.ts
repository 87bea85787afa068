import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { addressAt, callTo, deploy, packaged, person, sendAll, type World } from './lever-world.ts'

/* Aave v3 from its npm package: the real pool, configurator, roles, oracle and tokens, put up as its own scripts do. */

/** Has every role of a new pool. */
export const aaveAdmin = person(0)
/** Of a reserve when it is listed, in the oracle's unit. */
export const AAVE_PRICE = 1_000n
const RAY = 10n ** 27n
const aave = (name: string) => packaged('aave/core-v3', name)

export type AavePool = { pool: Address; provider: Address; configurator: Address; oracle: Address }

export async function deployAavePool(world: World): Promise<AavePool> {
  const provider = await deploy(world, aave('PoolAddressesProvider'), { args: ['test', aaveAdmin] })
  await sendAll(world, [callTo(provider, 'setACLAdmin(address)', { args: [aaveAdmin] })])
  const acl = await deploy(world, aave('ACLManager'), { args: [provider] })
  const oracle = await deploy(world, aave('PriceOracle'))
  await sendAll(world, [
    callTo(provider, 'setACLManager(address)', { args: [acl] }),
    callTo(provider, 'setPriceOracle(address)', { args: [oracle] }),
    ...['addPoolAdmin', 'addEmergencyAdmin', 'addRiskAdmin', 'addAssetListingAdmin'].map((grant) =>
      callTo(acl, `${grant}(address)`, { args: [aaveAdmin] }),
    ),
  ])
  const libraries: Record<string, Address> = {}
  const names = ['SupplyLogic', 'BorrowLogic', 'LiquidationLogic', 'EModeLogic', 'BridgeLogic', 'PoolLogic']
  for (const name of [...names, 'ConfiguratorLogic', 'FlashLoanLogic'])
    libraries[name] = await deploy(world, aave(name), { libraries })
  const pool = await deploy(world, aave('Pool'), { args: [provider], libraries })
  const configurator = await deploy(world, aave('PoolConfigurator'), { libraries })
  await sendAll(world, [
    callTo(provider, 'setPoolImpl(address)', { args: [pool] }),
    callTo(provider, 'setPoolConfiguratorImpl(address)', { args: [configurator] }),
  ])
  return {
    provider,
    oracle,
    pool: await addressAt(world, provider, ['getPool()']),
    configurator: await addressAt(world, provider, ['getPoolConfigurator()']),
  }
}

const INIT =
  'initReserves((address aToken, address stable, address variable, uint8 decimals, address strategy, address asset, address treasury, address incentives, string aName, string aSymbol, string vName, string vSymbol, string sName, string sSymbol, bytes params)[] input)'

export async function listReserve(world: World, at: AavePool, symbol: string): Promise<Address> {
  const asset = await deploy(world, aave('MintableERC20'), { args: [symbol, symbol, 18] })
  const tokens: Address[] = []
  for (const name of ['AToken', 'StableDebtToken', 'VariableDebtToken'])
    tokens.push(await deploy(world, aave(name), { args: [at.pool] }))
  const rates = [RAY / 2n, 0n, RAY / 20n, RAY, RAY / 20n, RAY, RAY / 100n, 0n, RAY / 5n]
  const strategy = await deploy(world, aave('DefaultReserveInterestRateStrategy'), {
    args: [at.provider, ...rates],
  })
  const input = [
    ...[...tokens, 18, strategy, asset, aaveAdmin, ZERO_ADDRESS],
    ...[symbol, symbol, symbol, symbol, symbol, symbol, '0x'],
  ]
  const { configurator, oracle } = at
  const names = ['aToken', 'stable', 'variable', 'decimals', 'strategy', 'asset', 'treasury', 'incentives']
  const texts = ['aName', 'aSymbol', 'vName', 'vSymbol', 'sName', 'sSymbol', 'params']
  const reserve = Object.fromEntries([...names, ...texts].map((name, i) => [name, input[i]]))
  await sendAll(world, [
    callTo(configurator, INIT, { args: [[reserve]] }),
    callTo(configurator, 'configureReserveAsCollateral(address,uint256,uint256,uint256)', {
      args: [asset, 7_500n, 8_000n, 10_500n],
    }),
    callTo(configurator, 'setReserveBorrowing(address,bool)', { args: [asset, true] }),
    callTo(oracle, 'setAssetPrice(address,uint256)', { args: [asset, AAVE_PRICE] }),
  ])
  return asset
}

const ATOKEN_WORD = 8

export async function aTokenOf({ rpc }: World, pool: Address, asset: Address): Promise<Address> {
  const { data } = callTo(pool, 'getReserveData(address)', { args: [asset] })
  const answer = String(await rpc.request('eth_call', [{ to: pool, data }, 'latest']))
  return `0x${answer.slice(2 + ATOKEN_WORD * 64 + 24, 2 + (ATOKEN_WORD + 1) * 64)}`
}
