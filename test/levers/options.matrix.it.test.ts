import { encodeAbiParameters, keccak256, zeroHash } from 'viem'
import type { Address } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import {
  addressAt,
  callTo,
  deploy,
  ourFixture,
  packaged,
  person,
  send,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

const admin = person(0)
const guardian = person(1)
const user = person(2)
const other = person(3)
const asset: Address = `0x${'a5'.repeat(20)}`

async function gmxV2(world: World): Promise<Record<string, Trial>> {
  const roles = await deploy(world, ourFixture('LeverGmxRoles'))
  const config = await deploy(world, ourFixture('LeverGmxConfig'), { args: [roles] })
  const store = await addressAt(world, config, ['dataStore() view returns (address)'])
  const [handler, liquidations] = [
    await deploy(world, ourFixture('LeverGmxHandler'), { args: [store] }),
    await deploy(world, ourFixture('LeverGmxHandler'), { args: [store] }),
  ]
  const keeper = keccak256(encodeAbiParameters([{ type: 'string' }], ['CONFIG_KEEPER']))
  await send(world, callTo(roles, 'grantRole(address,bytes32)', { args: [guardian, keeper] }))
  const order = (name: string, type: bigint) =>
    callTo(handler, `${name}(uint256)`, { args: [type], from: user })
  const act = (name: string) => callTo(handler, `${name}()`, { from: user })
  const trial = {
    target: config,
    caller: guardian,
    given: { handler },
    operations: {
      trade: order('createOrder', 2n),
      close: order('createOrder', 4n),
      liquidate: callTo(liquidations, 'executeLiquidation()', { from: user }),
      supply: act('createDeposit'),
      withdraw: act('createWithdrawal'),
    },
  }
  const [waiting, fresh] = [order('executeOrder', 2n), order('createOrder', 2n)]
  return {
    'gmx-v2/create-order': { ...trial, others: { 'orders that wait': { call: waiting, expected: 'open' } } },
    'gmx-v2/execute-order': {
      ...trial,
      operations: { ...trial.operations, trade: waiting, close: order('executeOrder', 4n) },
      others: { 'new orders': { call: fresh, expected: 'open' } },
    },
    'gmx-v2/create-deposit': trial,
    'gmx-v2/create-withdrawal': trial,
  }
}

async function gmxV1(world: World): Promise<Record<string, Trial>> {
  const vault = await deploy(world, ourFixture('LeverGmxVault'))
  const a = user
  const call = (signature: string, args: readonly unknown[]) => callTo(vault, signature, { args, from: user })
  const trial = {
    target: vault,
    caller: admin,
    operations: {
      trade: call('increasePosition(address,address,address,uint256,bool)', [a, a, a, 1n, true]),
      close: call('decreasePosition(address,address,address,uint256,uint256,bool,address)', [
        ...[a, a, a, 1n, 1n, true, a],
      ]),
      liquidate: call('liquidatePosition(address,address,address,bool,address)', [a, a, a, true, a]),
      withdraw: call('sellUSDG(address,address)', [a, a]),
    },
  }
  const swaps = (expected: 'blocked' | 'open') => ({
    swaps: { call: call('swap(address,address,address)', [a, a, a]), expected },
  })
  return {
    'gmx-v1/leverage-off': { ...trial, others: swaps('open') },
    'gmx-v1/swap-off': { ...trial, others: swaps('blocked') },
  }
}

async function opyn(world: World): Promise<Record<string, Trial>> {
  const controller = await deploy(world, ourFixture('LeverGammaController'), { args: [guardian, other] })
  const oracle = await deploy(world, ourFixture('LeverGammaOracle'), { args: [guardian, 7_200n] })
  await send(
    world,
    callTo(oracle, 'setExpiryPrice(address,uint256,uint256)', { args: [asset, 1_000n, 5n * 10n ** 8n] }),
  )
  const act = (action: number) => callTo(controller, 'operate(uint8)', { args: [action], from: user })
  const trial = {
    target: controller,
    operations: {
      borrow: act(1),
      repay: act(2),
      supply: act(3),
      'top-up': act(3),
      withdraw: act(4),
      liquidate: act(10),
      close: act(8),
      settle: act(7),
    },
  }
  return {
    'opyn/partial-pause': { ...trial, caller: guardian },
    'opyn/full-pause': { ...trial, caller: other },
    'opyn/dispute-price': {
      target: oracle,
      given: { asset, expiry: '1000', price: '150000000000' },
      caller: guardian,
      operations: {},
    },
  }
}

async function lyra(world: World): Promise<Record<string, Trial>> {
  const words = (...values: readonly bigint[]) =>
    encodeAbiParameters(
      values.map(() => ({ type: 'uint256' }) as const),
      [...values],
    )
  const rates = await deploy(world, ourFixture('LeverAnswer'), { args: [words(10n ** 18n, 0n)] })
  const resolver = await deploy(world, ourFixture('LeverAnswer'), { args: [words(BigInt(rates))] })
  const adapter = await deploy(world, packaged('lyrafinance/protocol', 'SynthetixAdapter'))
  const market = await deploy(world, ourFixture('LeverOptionMarket'), { args: [adapter] })
  await sendAll(world, [
    callTo(adapter, 'initialize()', {}),
    callTo(adapter, 'setAddressResolver(address)', { args: [resolver] }),
    callTo(adapter, 'setGlobalsForContract(address,bytes32,bytes32,address,bytes32)', {
      args: [market, zeroHash, zeroHash, admin, zeroHash],
    }),
    ...[
      [1n, 2n ** 40n],
      [2n, 1_000n],
      [3n, 2n ** 40n],
    ].map((args) => callTo(market, 'createBoard(uint256,uint256)', { args })),
    callTo(market, 'setBoardFrozen(uint256,bool)', { args: [3n, true] }),
  ])
  const act = (name: string, board: bigint) =>
    callTo(market, `${name}(uint256)`, { args: [board], from: user })
  const operations = {
    trade: act('openPosition', 1n),
    close: act('closePosition', 1n),
    liquidate: act('liquidatePosition', 1n),
    'top-up': act('addCollateral', 1n),
    settle: act('settleExpiredBoard', 2n),
  }
  const whole = { ...operations, withdraw: callTo(market, 'initiateWithdraw()', { from: user }) }
  return {
    'lyra/board-freeze': { target: market, caller: admin, given: { boardId: '1' }, operations },
    'lyra/board-settle': {
      target: market,
      caller: admin,
      given: { boardId: '3', irreversible: 'yes' },
      operations: { 'top-up': act('addCollateral', 3n) },
    },
    'lyra/market-pause': { target: adapter, caller: admin, given: { market }, operations: whole },
    'lyra/global-pause': { target: adapter, caller: admin, operations: whole },
  }
}

async function derive(world: World): Promise<Record<string, Trial>> {
  const manager = await deploy(world, ourFixture('LeverDeriveManager'), { args: [guardian] })
  const perp = await deploy(world, ourFixture('LeverDerivePerp'))
  const adjust = (amount: bigint) =>
    callTo(manager, 'handleAdjustment(int256)', { args: [amount], from: user })
  return {
    'derive/adjustments-pause': {
      target: manager,
      caller: guardian,
      operations: {
        trade: adjust(2n),
        withdraw: adjust(-1n),
        'top-up': adjust(1n),
        liquidate: callTo(manager, 'executeBid()', { from: user }),
        settle: callTo(manager, 'settleInterest()', { from: user }),
      },
    },
    'derive/perp-disable': {
      target: perp,
      caller: admin,
      given: { irreversible: 'yes' },
      operations: { settle: callTo(perp, 'realizePNLWithMark(uint256)', { args: [1n], from: user }) },
    },
  }
}

async function erc7265(world: World): Promise<Record<string, Trial>> {
  const breaker = await deploy(world, ourFixture('LeverErc7265'), { args: [guardian] })
  return {
    'erc7265/lock': {
      target: breaker,
      caller: guardian,
      given: { irreversible: 'yes' },
      operations: {
        supply: callTo(breaker, 'onTokenInflow(address,uint256)', { args: [asset, 1n], from: user }),
        withdraw: callTo(breaker, 'onTokenOutflow(address,uint256,address,bool)', {
          args: [asset, 1n, user, false],
          from: user,
        }),
      },
    },
  }
}

const named = (protocol: string, ...names: readonly string[]) => names.map((name) => `${protocol}/${name}`)

leverMatrix(
  'gmx-v2',
  named('gmx-v2', 'create-order', 'execute-order', 'create-deposit', 'create-withdrawal'),
  gmxV2,
)
leverMatrix('gmx-v1', named('gmx-v1', 'leverage-off', 'swap-off'), gmxV1)
leverMatrix('opyn', named('opyn', 'partial-pause', 'full-pause', 'dispute-price'), opyn)
leverMatrix('lyra', named('lyra', 'board-freeze', 'board-settle', 'market-pause', 'global-pause'), lyra)
leverMatrix('derive', named('derive', 'adjustments-pause', 'perp-disable'), derive)
leverMatrix('erc7265', named('erc7265', 'lock'), erc7265)
