import { encodeAbiParameters, keccak256, toBytes } from 'viem'
import type { Address, Hex } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import {
  addressAt,
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

const [admin, thief, user] = [person(0), person(1), person(2)]
const oz = (name: string) => packaged('openzeppelin/contracts', name)
const ZERO: Hex = `0x${'0'.repeat(64)}`
const word = (text: string): Hex => keccak256(toBytes(text))
const noOperations = { operations: {}, caller: admin } as const

async function managed(world: World): Promise<Record<string, Trial>> {
  const manager = await deploy(world, oz('AccessManager'), { args: [admin] })
  const vault = await deploy(world, oz('ManagedVault'), { args: [manager] })
  const pay = callTo(vault, 'pay()', { from: thief })
  await sendAll(world, [
    callTo(manager, 'setTargetFunctionRole(address,bytes4[],uint64)', {
      args: [vault, [pay.data.slice(0, 10)], 7n],
    }),
    callTo(manager, 'grantRole(uint64,address,uint32)', { args: [7n, user, 0] }),
    callTo(manager, 'grantRole(uint64,address,uint32)', { args: [7n, thief, 60] }),
    callTo(manager, 'schedule(address,bytes,uint48)', { args: [vault, pay.data, 0n], from: thief }),
  ])
  await world.rpc.request('anvil_mine', ['0x2', '0x50'])
  return {
    'openzeppelin/close-target': {
      ...noOperations,
      target: vault,
      others: {
        'a restricted function': { call: callTo(vault, 'pay()', { from: user }), expected: 'blocked' },
        'a function that is not restricted': {
          call: callTo(vault, 'give()', { from: user }),
          expected: 'open',
        },
      },
    },
    'openzeppelin/cancel-scheduled': {
      ...noOperations,
      target: manager,
      given: { caller: thief, callTarget: vault, callData: pay.data },
      others: {
        'the scheduled operation': {
          call: callTo(manager, 'execute(address,bytes)', { args: [vault, pay.data], from: thief }),
          expected: 'blocked',
        },
        'the same function by somebody else': {
          call: callTo(vault, 'pay()', { from: user }),
          expected: 'open',
        },
      },
    },
  }
}

async function timelocked(world: World): Promise<Record<string, Trial>> {
  const timelock = await deploy(world, oz('TimelockController'), {
    args: [60n, [thief, admin], [ZERO_ADDRESS], admin],
  })
  const vault = await deploy(world, oz('PlainVault'))
  const { data } = callTo(vault, 'withdraw()', {})
  const schedule = 'schedule(address,uint256,bytes,bytes32,bytes32,uint256)'
  const salts = [ZERO, word('another')]
  await sendAll(
    world,
    salts.map((salt) =>
      callTo(timelock, schedule, { args: [vault, 0n, data, ZERO, salt, 60n], from: thief }),
    ),
  )
  await world.rpc.request('anvil_mine', ['0x2', '0x50'])
  const hash = callTo(timelock, 'hashOperation(address,uint256,bytes,bytes32,bytes32)', {
    args: [vault, 0n, data, ZERO, ZERO],
  })
  const execute = 'execute(address,uint256,bytes,bytes32,bytes32)'
  const executing = (salt: Hex | undefined) =>
    callTo(timelock, execute, { args: [vault, 0n, data, ZERO, salt], from: user })
  return {
    'openzeppelin/cancel-timelocked': {
      ...noOperations,
      target: timelock,
      given: { operation: await read(world, timelock, hash.data) },
      others: {
        'the queued operation': { call: executing(salts[0]), expected: 'blocked' },
        'another queued operation': { call: executing(salts[1]), expected: 'open' },
      },
    },
  }
}

async function roles(world: World): Promise<Record<string, Trial>> {
  const token = await deploy(world, oz('RoleToken'), { args: [thief] })
  return {
    'openzeppelin/revoke-role': {
      ...noOperations,
      target: token,
      given: { role: word('MINTER_ROLE'), holder: thief },
      others: {
        'what the role may do, by its holder': {
          call: callTo(token, 'mint(address,uint256)', { args: [thief, 1n], from: thief }),
          expected: 'blocked',
        },
        'transfers of everybody': {
          call: callTo(token, 'transfer(address,uint256)', { args: [user, 1n] }),
          expected: 'open',
        },
      },
    },
  }
}

async function upgrades(world: World): Promise<Record<string, Trial>> {
  const init = callTo(ZERO_ADDRESS, 'init(address)', { args: [admin] }).data
  const [uups, pausedUups, plain, paused] = await deployEach(world, [
    'UupsVault',
    'PausedUupsVault',
    'PlainVault',
    'PausedVault',
  ])
  const uupsProxy = await deploy(world, oz('ERC1967Proxy'), { args: [uups, init] })
  const transparent = await deploy(world, oz('TransparentUpgradeableProxy'), { args: [plain, admin, init] })
  const beacon = await deploy(world, oz('UpgradeableBeacon'), { args: [plain, admin] })
  const [one, two] = [
    await deploy(world, oz('BeaconProxy'), { args: [beacon, init] }),
    await deploy(world, oz('BeaconProxy'), { args: [beacon, init] }),
  ]
  const ADMIN_SLOT = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103'
  const slot = String(await world.rpc.request('eth_getStorageAt', [transparent, ADMIN_SLOT, 'latest']))
  const proxyAdmin: Address = `0x${slot.slice(-40)}`
  const withdraw = (proxy: Address) =>
    ({ call: callTo(proxy, 'withdraw()', { from: user }), expected: 'blocked' }) as const
  return {
    'openzeppelin/upgrade-uups': {
      ...noOperations,
      target: uupsProxy,
      given: { implementation: pausedUups },
      others: { 'what the new code leaves out': withdraw(uupsProxy) },
    },
    'openzeppelin/upgrade-transparent': {
      ...noOperations,
      target: proxyAdmin,
      given: { proxy: transparent, implementation: paused },
      others: { 'what the new code leaves out': withdraw(transparent) },
    },
    'openzeppelin/upgrade-beacon': {
      ...noOperations,
      target: beacon,
      given: { implementation: paused },
      others: {
        'what the new code leaves out': withdraw(one),
        'the same on another proxy of the beacon': withdraw(two),
      },
    },
  }
}

async function deployEach<Names extends readonly string[]>(
  world: World,
  names: readonly [...Names],
): Promise<{ [Each in keyof Names]: Address }> {
  const at: Address[] = []
  for (const name of names) at.push(await deploy(world, oz(name)))
  return at as { [Each in keyof Names]: Address }
}

leverMatrix(
  'openzeppelin',
  [
    'close-target',
    'cancel-scheduled',
    'cancel-timelocked',
    'revoke-role',
    'upgrade-uups',
    'upgrade-transparent',
    'upgrade-beacon',
  ].map((name) => `openzeppelin/${name}`),
  async (world) => ({
    ...(await managed(world)),
    ...(await timelocked(world)),
    ...(await roles(world)),
    ...(await upgrades(world)),
  }),
)

/** The other names of a pause, by the fixture that has each. */
const NAMES = {
  setPaused: 'LeverSetPaused',
  setPause: 'LeverSetPause',
  pauseAll: 'LeverPauseAll',
  emergencyPause: 'LeverEmergencyPause',
  emergencyStop: 'LeverEmergencyStop',
  pauseContract: 'LeverPauseContract',
  pauseProtocol: 'LeverPauseProtocol',
  stop: 'LeverStop',
  halt: 'LeverHalt',
  freeze: 'LeverFreeze',
}

async function pauses(world: World): Promise<Record<string, Trial>> {
  const token = await deploy(world, oz('PausableToken'))
  const trials: Record<string, Trial> = {
    'pause/pause': {
      ...noOperations,
      target: token,
      others: {
        'transfers, by `whenNotPaused`': {
          call: callTo(token, 'transfer(address,uint256)', { args: [user, 1n] }),
          expected: 'blocked',
        },
        'approvals, which it does not guard': {
          call: callTo(token, 'approve(address,uint256)', { args: [user, 1n] }),
          expected: 'open',
        },
      },
    },
  }
  for (const [name, fixture] of Object.entries(NAMES)) {
    const target = await deploy(world, ourFixture(fixture))
    const call = callTo(target, 'act()', { from: user })
    const others = { 'what asks for it': { call, expected: 'blocked' } } as const
    trials[`pause/${name}`] = { ...noOperations, target, others }
  }
  return trials
}

leverMatrix(
  'pause',
  ['pause', ...Object.keys(NAMES)].map((name) => `pause/${name}`),
  pauses,
)

leverMatrix(
  'governor',
  ['governor/cancel-proposal', 'governor/cancel-proposal-by-content'],
  async (world) => {
    const token = await deploy(world, oz('VotesToken'))
    const governor = await deploy(world, oz('GuardedGovernor'), { args: [token, admin] })
    const vault = await deploy(world, oz('PlainVault'))
    const { data } = callTo(vault, 'withdraw()', {})
    const what = [[vault], [0n], [data]]
    const id = keccak256(
      encodeAbiParameters(
        [{ type: 'address[]' }, { type: 'uint256[]' }, { type: 'bytes[]' }, { type: 'bytes32' }],
        [[vault], [0n], [data], word('steal')],
      ),
    )
    await sendAll(world, [
      callTo(token, 'transfer(address,uint256)', { args: [thief, 10n ** 19n] }),
      callTo(token, 'delegate(address)', { args: [thief], from: thief }),
      callTo(governor, 'propose(address[],uint256[],bytes[],string)', {
        args: [...what, 'steal'],
        from: thief,
      }),
    ])
    await world.rpc.request('anvil_mine', ['0x2'])
    await send(world, callTo(governor, 'castVote(uint256,uint8)', { args: [BigInt(id), 1], from: thief }))
    await world.rpc.request('anvil_mine', ['0x8'])
    const others: Trial['others'] = {
      'the proposal that passed': {
        call: callTo(governor, 'execute(uint256)', { args: [BigInt(id)], from: thief }),
        expected: 'blocked',
      },
    }
    const proposalId = String(BigInt(id))
    expectAddress(await addressAt(world, governor, ['token()']), token)
    return {
      'governor/cancel-proposal': { ...noOperations, target: governor, given: { proposalId }, others },
      'governor/cancel-proposal-by-content': {
        ...noOperations,
        target: governor,
        given: { proposalId, byContent: 'yes' },
        others,
      },
    }
  },
)

function expectAddress(found: Address, wanted: Address): void {
  if (found !== wanted) throw new Error(`${found} is not ${wanted}`)
}
