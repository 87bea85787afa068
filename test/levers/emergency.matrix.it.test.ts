import { stringToHex } from 'viem'
import type { Address } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { coins } from '../harness/lever-tokens.ts'
import { callTo, deploy, ourFixture, person, sendAll, type World } from '../harness/lever-world.ts'

const admin = person(0)
const guardian = person(1)
const user = person(2)
const borrower = person(3)
const underwater = person(4)

async function maker(world: World): Promise<Record<string, Trial>> {
  return { ...(await prices(world)), ...(await auctions(world)), ...(await shutdown(world)) }
}

async function prices(world: World): Promise<Record<string, Trial>> {
  const ilk = stringToHex('ETH-A', { size: 32 })
  const [osm, mom] = [
    await deploy(world, ourFixture('LeverOsm')),
    await deploy(world, ourFixture('LeverOsmMom')),
  ]
  await sendAll(world, [
    callTo(osm, 'rely(address)', { args: [mom] }),
    callTo(mom, 'setOsm(bytes32,address)', { args: [ilk, osm] }),
    callTo(mom, 'setAuthority(address)', { args: [guardian] }),
  ])
  return {
    'maker/stop-price': {
      target: mom,
      given: { ilk },
      caller: guardian,
      operations: {},
      others: { 'the next price': { call: callTo(osm, 'poke()', { from: user }), expected: 'blocked' } },
    },
  }
}

async function auctions(world: World): Promise<Record<string, Trial>> {
  const [clip, mom] = [
    await deploy(world, ourFixture('LeverClip')),
    await deploy(world, ourFixture('LeverClipperMom')),
  ]
  await sendAll(world, [
    callTo(clip, 'rely(address)', { args: [mom] }),
    callTo(mom, 'setAuthority(address)', { args: [guardian] }),
    callTo(mom, 'drop()', {}),
  ])
  const bids = (expected: 'blocked' | 'open') => ({
    'bids on running auctions': { call: callTo(clip, 'take()', { from: user }), expected },
  })
  const trial = {
    target: mom,
    given: { clip },
    operations: { liquidate: callTo(clip, 'kick()', { from: user }) },
    undoBy: guardian,
  }
  return {
    'maker/auction-breaker': { ...trial, caller: guardian, others: bids('blocked') },
    'maker/auction-trip': { ...trial, caller: user, others: bids('open') },
  }
}

async function shutdown(world: World): Promise<Record<string, Trial>> {
  const vat = await deploy(world, ourFixture('LeverVat'))
  const end = await deploy(world, ourFixture('LeverEnd'), { args: [vat] })
  const esm = await deploy(world, ourFixture('LeverEsm'), { args: [end, 100n] })
  await sendAll(world, [callTo(esm, 'join(uint256)', { args: [100n], from: user })])
  const frob = (dink: bigint, dart: bigint) =>
    callTo(vat, 'frob(int256,int256)', { args: [dink, dart], from: borrower })
  return {
    'maker/emergency-shutdown': {
      target: esm,
      given: { irreversible: 'yes' },
      caller: user,
      operations: {
        supply: frob(1n, 0n),
        'top-up': frob(1n, 0n),
        repay: frob(0n, -1n),
        borrow: frob(0n, 1n),
        withdraw: frob(-1n, 0n),
        liquidate: callTo(vat, 'bark()', { from: user }),
        settle: callTo(end, 'free()', { from: user }),
      },
    },
  }
}

async function euler(world: World): Promise<Record<string, Trial>> {
  const collateral: Address = `0x${'c0'.repeat(20)}`
  const vault = await deploy(world, ourFixture('LeverEulerVault'), { args: [collateral] })
  const borrow = (amount: number, from: Address) =>
    callTo(vault, 'borrow(uint256,address)', { args: [coins(amount), from], from })
  const pledge = (from: Address) => callTo(vault, 'pledge(uint256)', { args: [coins(1_000)], from })
  const deposit = callTo(vault, 'deposit(uint256,address)', { args: [coins(100), user], from: user })
  await sendAll(world, [
    callTo(vault, 'setLTV(address,uint16,uint16,uint32)', { args: [collateral, 8_000, 8_500, 0] }),
    deposit,
    pledge(borrower),
    pledge(underwater),
    borrow(100, borrower),
    borrow(750, underwater),
    callTo(vault, 'setPrice(uint256)', { args: [(coins(1) * 8n) / 10n] }),
  ])
  const trial: Trial = {
    target: vault,
    caller: admin,
    operations: {
      supply: deposit,
      repay: callTo(vault, 'repay(uint256,address)', { args: [1n, borrower], from: borrower }),
      borrow: borrow(1, borrower),
      withdraw: callTo(vault, 'withdraw(uint256,address,address)', {
        args: [coins(1), user, user],
        from: user,
      }),
      transfer: callTo(vault, 'transfer(address,uint256)', { args: [borrower, coins(1)], from: user }),
      liquidate: callTo(vault, 'liquidate(address,address,uint256,uint256)', {
        args: [underwater, collateral, coins(1), 0n],
        from: user,
      }),
    },
  }
  return Object.fromEntries(EULER.map((template) => [template, trial]))
}

async function curve(world: World): Promise<Record<string, Trial>> {
  const pool = await deploy(world, ourFixture('LeverCurvePool'))
  const three = [1n, 1n, 1n]
  return {
    'curve/kill': {
      target: pool,
      caller: admin,
      operations: {
        supply: callTo(pool, 'add_liquidity(uint256[3],uint256)', { args: [three, 0n], from: user }),
        trade: callTo(pool, 'exchange(int128,int128,uint256,uint256)', {
          args: [0n, 1n, 1n, 0n],
          from: user,
        }),
        withdraw: callTo(pool, 'remove_liquidity(uint256,uint256[3])', { args: [1n, three], from: user }),
      },
      others: {
        'withdrawals in one coin': {
          call: callTo(pool, 'remove_liquidity_one_coin(uint256,int128,uint256)', {
            args: [1n, 0n, 0n],
            from: user,
          }),
          expected: 'blocked',
        },
      },
    },
  }
}

async function lido(world: World): Promise<Record<string, Trial>> {
  const block = (await world.rpc.request('eth_getBlockByNumber', ['latest', false])) as { timestamp: string }
  const until = BigInt(block.timestamp) + 31_536_000n
  const queues = [
    await deploy(world, ourFixture('LeverQueue')),
    await deploy(world, ourFixture('LeverQueue')),
  ] as const
  const seal = await deploy(world, ourFixture('LeverGateSeal'), {
    args: [guardian, 864_000n, queues, until],
  })
  const breaker = await deploy(world, ourFixture('LeverCircuitBreaker'), { args: [864_000n, 2_592_000n] })
  for (const queue of queues)
    await sendAll(world, [
      ...[seal, breaker].map((pauser) => callTo(queue, 'allow(address)', { args: [pauser] })),
      callTo(breaker, 'registerPauser(address,address)', { args: [queue, guardian] }),
    ])
  const requesting = (queue: Address) =>
    callTo(queue, 'requestWithdrawals(uint256[],address)', { args: [[1n], user], from: user })
  const claiming = {
    call: callTo(queues[0], 'claimWithdrawal(uint256)', { args: [1n], from: user }),
    expected: 'open',
  } as const
  return {
    'lido/gate-seal': {
      target: seal,
      scope: 'all of 2',
      caller: guardian,
      operations: {},
      others: {
        'requests in one queue': { call: requesting(queues[0]), expected: 'blocked' },
        'requests in the other queue': { call: requesting(queues[1]), expected: 'blocked' },
        'claims, which do not ask': claiming,
      },
    },
    'lido/circuit-breaker': {
      target: breaker,
      given: { pausable: queues[0] },
      caller: guardian,
      operations: {},
      others: {
        'requests in that queue': { call: requesting(queues[0]), expected: 'blocked' },
        'requests in another queue': { call: requesting(queues[1]), expected: 'open' },
      },
    },
  }
}

const MAKER = ['stop-price', 'auction-breaker', 'auction-trip', 'emergency-shutdown'].map(
  (name) => `maker/${name}`,
)
const EULER = ['ltv-zero', 'hook-freeze', 'hook-outflow', 'hook-all'].map((name) => `euler-evk/${name}`)

leverMatrix('maker', MAKER, maker)
leverMatrix('euler-evk', EULER, euler)
leverMatrix('curve', ['curve/kill'], curve)
leverMatrix('lido', ['lido/gate-seal', 'lido/circuit-breaker'], lido)
