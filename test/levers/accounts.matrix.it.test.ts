import type { Address } from '../../src/model/hex.ts'
import { ZERO_ADDRESS } from '../../src/model/hex.ts'
import { deployRoles, deploySafe } from '../harness/authority-world.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { callTo, deploy, ourFixture, person, send, sendAll, type World } from '../harness/lever-world.ts'

const admin = person(0)
const user = person(2)
const thief = person(3)
const other = person(4)

async function safe(world: World): Promise<Record<string, Trial>> {
  const at = await deploySafe(world.rpc, { version: '1.4.1', owners: [user], threshold: 1 })
  const guard = await deploy(world, ourFixture('LeverGuard'))
  await sendAll(
    world,
    [thief, other].map((module) => onSafe(at, 'enableModule(address)', [module])),
  )
  const byModule = (from: Address) =>
    callTo(at, 'execTransactionFromModule(address,uint256,bytes,uint8)', {
      args: [user, 0n, '0x', 0],
      from,
    })
  const trial = { target: at, caller: at, operations: {} }
  return {
    'safe/disable-module': {
      ...trial,
      given: { module: thief },
      others: {
        'what the module does': { call: byModule(thief), expected: 'blocked' },
        'what another module does': { call: byModule(other), expected: 'open' },
        'what the owners sign': { call: signed(at), expected: 'open' },
      },
    },
    'safe/set-guard': {
      ...trial,
      given: { guard },
      others: {
        'what the owners sign': { call: signed(at), expected: 'blocked' },
        'what a module does': { call: byModule(thief), expected: 'open' },
      },
    },
  }
}

function onSafe(at: Address, signature: string, args: readonly unknown[]) {
  return callTo(at, signature, { args, from: at })
}

/** A transaction of the Safe’s only owner, who also sends it: sending it stands for the signature. */
function signed(at: Address) {
  const signature = `0x${user.slice(2).padStart(64, '0')}${'0'.repeat(64)}01`
  const details = 'address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes'
  return callTo(at, `execTransaction(${details})`, {
    args: [other, 0n, '0x', 0, 0n, 0n, 0n, ZERO_ADDRESS, ZERO_ADDRESS, signature],
    from: user,
  })
}

async function zodiac(world: World): Promise<Record<string, Trial>> {
  return { ...(await delay(world)), ...(await roles(world)) }
}

async function roles(world: World): Promise<Record<string, Trial>> {
  const at = await deploySafe(world.rpc, { version: '1.4.1', owners: [user], threshold: 1 })
  const modifier = await deployRoles(world.rpc, at)
  const [pauses, another] = [
    await deploy(world, ourFixture('LeverGuard')),
    await deploy(world, ourFixture('LeverGuard')),
  ]
  const [role, mine] = [`0x${'70'.repeat(32)}`, `0x${'71'.repeat(32)}`] as const
  const act = callTo(pauses, 'act()', {}).data
  const by = (signature: string, args: readonly unknown[]) => callTo(modifier, signature, { args, from: at })
  await send(world, onSafe(at, 'enableModule(address)', [modifier]))
  await sendAll(world, [
    by('assignRoles(address,bytes32[],bool[])', [thief, [role, mine], [true, true]]),
    by('assignRoles(address,bytes32[],bool[])', [other, [role], [true]]),
    by('scopeTarget(bytes32,address)', [role, pauses]),
    by('allowFunction(bytes32,address,bytes4,uint8)', [role, pauses, act, 0]),
    by('allowTarget(bytes32,address,uint8)', [role, another, 0]),
    by('allowTarget(bytes32,address,uint8)', [mine, another, 0]),
  ])
  const call = (from: Address, [to, key]: readonly [Address, string]) =>
    callTo(modifier, 'execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)', {
      args: [to, 0n, act, 0, key, true],
      from,
    })
  const others = (
    member: 'open' | 'blocked',
    elsewhere: 'open' | 'blocked',
  ): NonNullable<Trial['others']> => ({
    'the call, by the member': { call: call(thief, [pauses, role]), expected: 'blocked' },
    'the call, by another member': { call: call(other, [pauses, role]), expected: member },
    'another target, by the role': { call: call(thief, [another, role]), expected: elsewhere },
    'another target, by another role': { call: call(thief, [another, mine]), expected: 'open' },
  })
  const trial = { target: modifier, caller: at, operations: {} }
  const given = { roleKey: role, callTarget: pauses, callData: act }
  return {
    'zodiac/roles-revoke-member': {
      ...trial,
      given: { roleKey: role, member: thief },
      others: others('open', 'blocked'),
    },
    'zodiac/roles-revoke-function': { ...trial, given, others: others('blocked', 'open') },
    'zodiac/roles-revoke-target': { ...trial, given, others: others('blocked', 'open') },
  }
}

async function delay(world: World): Promise<Record<string, Trial>> {
  const queue = await deploy(world, ourFixture('LeverDelay'))
  const item = [ZERO_ADDRESS, 0n, '0x', 0]
  await sendAll(world, [
    callTo(queue, 'execTransactionFromModule(address,uint256,bytes,uint8)', { args: item, from: user }),
  ])
  await world.rpc.request('anvil_mine', ['0x2', '0x50'])
  return {
    'zodiac/delay-skip': {
      target: queue,
      caller: admin,
      operations: {},
      others: {
        'the queued item': {
          call: callTo(queue, 'executeNextTx(address,uint256,bytes,uint8)', { args: item, from: user }),
          expected: 'blocked',
        },
      },
    },
  }
}

leverMatrix('safe', ['safe/disable-module', 'safe/set-guard'], safe)
leverMatrix(
  'zodiac',
  ['delay-skip', 'roles-revoke-member', 'roles-revoke-function', 'roles-revoke-target'].map(
    (name) => `zodiac/${name}`,
  ),
  zodiac,
)
