import { stringToHex } from 'viem'
import type { Address } from '../../src/model/hex.ts'
import { balancerPools, single } from '../harness/balancer-pools.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { giveTokens } from '../harness/lever-tokens.ts'
import {
  callTo,
  deploy,
  ourFixture,
  packaged,
  person,
  read,
  send,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

const admin = person(0)
const guardian = person(1)
const user = person(2)
const resumer = person(3)
const word = (name: string) => stringToHex(name, { size: 32 })

async function synthetix(world: World): Promise<Record<string, Trial>> {
  const status = await deploy(world, packaged('synthetix', 'SystemStatus'), { args: [admin] })
  const [sUsd, sEth] = [word('sUSD'), word('sETH')]
  const [market, other] = [word('sETHPERP'), word('sBTCPERP')]
  const sections = ['System', 'Issuance', 'Exchange', 'Futures', 'Synth'].map(word)
  await sendAll(
    world,
    sections.flatMap((section) =>
      [guardian, resumer].map((who) =>
        callTo(status, 'updateAccessControl(bytes32,address,bool,bool)', {
          args: [section, who, who === guardian, who === resumer],
        }),
      ),
    ),
  )
  const gate = (signature: string, ...args: readonly unknown[]) =>
    callTo(status, signature, { args, from: user })
  const trial: Trial = {
    target: status,
    caller: guardian,
    undoBy: resumer,
    operations: {
      borrow: gate('requireIssuanceActive()'),
      repay: gate('requireIssuanceActive()'),
      trade: gate('requireExchangeBetweenSynthsAllowed(bytes32,bytes32)', sUsd, sEth),
      transfer: gate('requireSynthActive(bytes32)', sEth),
      close: gate('requireFuturesMarketActive(bytes32)', market),
      liquidate: gate('requireSystemActive()'),
    },
  }
  const others = (name: string, call: Trial['operations'][keyof Trial['operations']]) =>
    call === undefined ? {} : { others: { [name]: { call, expected: 'open' as const } } }
  const elsewhere = others('another market', gate('requireFuturesMarketActive(bytes32)', other))
  const otherSynth = others('another synth', gate('requireSynthActive(bytes32)', sUsd))
  return {
    'synthetix/suspend-synth': { ...trial, given: { currencyKey: sEth }, ...otherSynth },
    'synthetix/suspend-futures-market': { ...trial, given: { marketKey: market }, ...elsewhere },
    'synthetix/suspend-futures': trial,
    'synthetix/suspend-exchange': trial,
    'synthetix/suspend-issuance': trial,
    'synthetix/suspend-system': trial,
  }
}

async function perpCurie(world: World): Promise<Record<string, Trial>> {
  const feed = await deploy(world, ourFixture('LeverPriceFeed'))
  const exchange = await deploy(world, ourFixture('LeverCurieExchange'))
  const house = await deploy(world, ourFixture('LeverClearingHouse'), { args: [exchange] })
  const markets: Address[] = []
  for (const symbol of ['vETH', 'vBTC']) {
    const market = await deploy(world, packaged('perp/curie-contract', 'BaseToken'))
    await sendAll(world, [
      callTo(market, 'initialize(string,string,address)', { args: [symbol, symbol, feed] }),
      callTo(exchange, 'setMaxTickCrossedWithinBlock(address,uint24)', { args: [market, 250] }),
    ])
    markets.push(market)
  }
  const [open, paused] = markets as [Address, Address]
  await send(world, callTo(paused, 'pause()', {}))
  await world.rpc.request('anvil_mine', ['0x2', '0x69781'])
  const act = (signature: string) => callTo(house, signature, { args: [open], from: user })
  const withdraw = callTo(house, 'withdraw()', { from: user })
  const trial = {
    caller: admin,
    operations: {
      trade: act('openPosition(address)'),
      close: act('closePosition(address)'),
      liquidate: act('liquidate(address)'),
      withdraw,
    },
  }
  const given = { irreversible: 'yes' }
  return {
    'perp-curie/trading-stop': { ...trial, target: exchange, given: { baseToken: open } },
    'perp-curie/market-pause': { ...trial, target: open, given },
    'perp-curie/market-close': { target: paused, given, caller: user, operations: { withdraw } },
  }
}

async function balancerV2(world: World): Promise<Record<string, Trial>> {
  const balancer = (name: string) => packaged('balancer-labs/v2-deployments', name)
  const authorizer = await deploy(world, balancer('Authorizer'), { args: [admin] })
  const [a, b] = [
    await giveTokens(world, 'A', { people: [user] }),
    await giveTokens(world, 'B', { people: [user] }),
  ]
  const vault = await deploy(world, balancer('Vault'), {
    args: [authorizer, a, 7_776_000n, 2_592_000n],
  })
  const pool = await deploy(world, ourFixture('LeverBalancerPool'), { args: [vault, a, b] })
  const poolId = await read(world, pool, callTo(pool, 'getPoolId()', {}).data)
  const naming = callTo(vault, 'getActionId(bytes4)', {
    args: [callTo(vault, 'setPaused(bool)', { args: [true] }).data.slice(0, 10)],
  })
  const tokens = [a, b].sort()
  const move = (signature: string) =>
    callTo(vault, `${signature}(bytes32,address,address,(address[],uint256[],bytes,bool))`, {
      args: [
        poolId,
        user,
        user,
        [tokens, signature === 'joinPool' ? [10n ** 19n, 10n ** 19n] : [0n, 0n], '0x', false],
      ],
      from: user,
    })
  await sendAll(world, [
    callTo(authorizer, 'grantRole(bytes32,address)', {
      args: [await read(world, vault, naming.data), guardian],
    }),
    ...tokens.map((token) =>
      callTo(token, 'approve(address,uint256)', { args: [vault, 10n ** 24n], from: user }),
    ),
    move('joinPool'),
  ])
  return {
    ...(await balancerPools(world, { authorizer, vault, tokens, guardian, user })),
    'balancer-v2/vault-pause': {
      target: vault,
      caller: guardian,
      operations: {
        supply: move('joinPool'),
        withdraw: move('exitPool'),
        trade: callTo(vault, `swap(${single},(address,bool,address,bool),uint256,uint256)`, {
          args: [[poolId, 0, tokens[0], tokens[1], 1_000n, '0x'], [user, false, user, false], 0n, 2n ** 40n],
          from: user,
        }),
      },
    },
  }
}

async function balancerV3(world: World): Promise<Record<string, Trial>> {
  const pool: Address = `0x${'b3'.repeat(20)}`
  const vault = await deploy(world, ourFixture('LeverVaultV3'), {
    args: [pool, guardian, 7_776_000, 2_592_000],
  })
  const act = (name: string) => callTo(vault, `${name}(address)`, { args: [pool], from: user })
  const trial = {
    target: vault,
    given: { pool },
    caller: admin,
    operations: {
      supply: act('addLiquidity'),
      withdraw: act('removeLiquidity'),
      trade: act('swap'),
    },
  }
  return {
    'balancer-v3/pool-pause': { ...trial, caller: guardian },
    'balancer-v3/recovery': trial,
    'balancer-v3/vault-pause': trial,
  }
}

const named = (protocol: string, ...names: readonly string[]) => names.map((name) => `${protocol}/${name}`)
const suspensions = ['synth', 'futures-market', 'futures', 'exchange', 'issuance', 'system']

leverMatrix('synthetix', named('synthetix', ...suspensions.map((name) => `suspend-${name}`)), synthetix)
leverMatrix('perp-curie', named('perp-curie', 'trading-stop', 'market-pause', 'market-close'), perpCurie)
leverMatrix(
  'balancer-v2',
  named('balancer-v2', 'vault-pause', 'pool-pause', 'pool-recovery', 'old-pool-pause'),
  balancerV2,
)
leverMatrix('balancer-v3', named('balancer-v3', 'pool-pause', 'recovery', 'vault-pause'), balancerV3)
