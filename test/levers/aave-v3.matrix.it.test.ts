import type { SimulatedCall } from '../../src/contain/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import type { OperationKind } from '../../src/model/lever.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { addressAt, callTo, deploy, packaged, person, sendAll, type World } from '../harness/lever-world.ts'

const admin = person(0)
const supplier = person(1)
const borrower = person(2)
const mixed = person(3)
const underwater = person(4)
const liquidator = person(5)
const RAY = 10n ** 27n
const PRICE = 1_000n
const MOST = 2n ** 256n - 1n
const aave = (name: string) => packaged('aave/core-v3', name)

type Pool = { pool: Address; provider: Address; configurator: Address; oracle: Address }

async function deployPool(world: World): Promise<Pool> {
  const provider = await deploy(world, aave('PoolAddressesProvider'), { args: ['test', admin] })
  await sendAll(world, [callTo(provider, 'setACLAdmin(address)', { args: [admin] })])
  const acl = await deploy(world, aave('ACLManager'), { args: [provider] })
  const oracle = await deploy(world, aave('PriceOracle'))
  await sendAll(world, [
    callTo(provider, 'setACLManager(address)', { args: [acl] }),
    callTo(provider, 'setPriceOracle(address)', { args: [oracle] }),
    ...['addPoolAdmin', 'addEmergencyAdmin', 'addRiskAdmin', 'addAssetListingAdmin'].map((grant) =>
      callTo(acl, `${grant}(address)`, { args: [admin] }),
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

async function listReserve(world: World, at: Pool, symbol: string): Promise<Address> {
  const asset = await deploy(world, aave('MintableERC20'), { args: [symbol, symbol, 18] })
  const tokens: Address[] = []
  for (const name of ['AToken', 'StableDebtToken', 'VariableDebtToken'])
    tokens.push(await deploy(world, aave(name), { args: [at.pool] }))
  const rates = [RAY / 2n, 0n, RAY / 20n, RAY, RAY / 20n, RAY, RAY / 100n, 0n, RAY / 5n]
  const strategy = await deploy(world, aave('DefaultReserveInterestRateStrategy'), {
    args: [at.provider, ...rates],
  })
  const input = [
    ...[...tokens, 18, strategy, asset, admin, ZERO_ADDRESS],
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
    callTo(oracle, 'setAssetPrice(address,uint256)', { args: [asset, PRICE] }),
  ])
  return asset
}

const supply = (pool: Address, asset: Address, amount: bigint, from: Address): SimulatedCall =>
  callTo(pool, 'supply(address,uint256,address,uint16)', { args: [asset, amount, from, 0], from })
const borrow = (pool: Address, asset: Address, amount: bigint, from: Address): SimulatedCall =>
  callTo(pool, 'borrow(address,uint256,uint256,uint16,address)', { args: [asset, amount, 2n, 0, from], from })

/** A market in use: everybody holds and has approved both assets; one borrower is under water after the price fell. */
async function useMarket(world: World, { pool, oracle }: Pool, [main, other, falling]: readonly Address[]) {
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
    callTo(oracle, 'setAssetPrice(address,uint256)', { args: [falling, (PRICE * 8n) / 10n] }),
  ])
}

const ATOKEN_WORD = 8

async function aTokenOf({ rpc }: World, pool: Address, asset: Address): Promise<Address> {
  const { data } = callTo(pool, 'getReserveData(address)', { args: [asset] })
  const answer = String(await rpc.request('eth_call', [{ to: pool, data }, 'latest']))
  return `0x${answer.slice(2 + ATOKEN_WORD * 64 + 24, 2 + (ATOKEN_WORD + 1) * 64)}`
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
    const at = await deployPool(world)
    const assets: Address[] = []
    for (const symbol of ['MAIN', 'OTHER', 'FALLING']) assets.push(await listReserve(world, at, symbol))
    const [main = ZERO_ADDRESS, , falling = ZERO_ADDRESS] = assets
    await useMarket(world, at, assets)
    const operations = await operationsOf(world, at.pool, [main, falling])
    const trial: Trial = { target: at.pool, given: { asset: main }, caller: admin, operations }
    return Object.fromEntries(templates.map((name) => [`aave-v3/${name}`, trial]))
  },
)
