import { toFunctionSelector } from 'viem'
import type { Address } from '../../model/hex.ts'
import { addressIn, givenAddress, givenWord, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** OpenZeppelin Contracts 5: managers, timelocks, roles and upgrades. They stop everything that depends on them. */
const PACKAGE = { on: 'package', what: '@openzeppelin/contracts 5.7.0' } as const
const CLOSE = 'setTargetClosed(address,bool)'
const GRANT = 'grantRole(bytes32,address)'
const UPGRADE_TRAP = 'the new code must keep the storage layout; try every operation on a fork first'

const base = { protocol: 'OpenZeppelin 5', claims: {}, tried: PACKAGE } as const

export const openzeppelinTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'openzeppelin/close-target',
    kind: 'pause',
    breadth: 'contract',
    signature: CLOSE,
    recognisedBy: ['authority()'],
    trap: 'functions that are not restricted stay open; with a delay of the target’s admin it takes effect later',
    find: closeTarget,
  },
  {
    ...base,
    id: 'openzeppelin/cancel-scheduled',
    kind: 'cancel',
    breadth: 'account',
    signature: 'cancel(address,address,bytes)',
    recognisedBy: ['cancel(address,address,bytes)', 'getSchedule(bytes32)'],
    needs: ['caller', 'callTarget', 'callData'],
    trap: 'who scheduled it may schedule it again: take the role away too',
    find: cancelScheduled,
  },
  {
    ...base,
    id: 'openzeppelin/cancel-timelocked',
    kind: 'cancel',
    breadth: 'account',
    signature: 'cancel(bytes32)',
    recognisedBy: ['cancel(bytes32)', 'getTimestamp(bytes32)', 'isOperationPending(bytes32)'],
    needs: ['operation'],
    trap: 'a proposer may schedule it again: take the role away too',
    find: cancelTimelocked,
  },
  {
    ...base,
    id: 'openzeppelin/revoke-role',
    kind: 'revoke',
    breadth: 'account',
    signature: 'revokeRole(bytes32,address)',
    recognisedBy: ['revokeRole(bytes32,address)', 'hasRole(bytes32,address)', 'getRoleAdmin(bytes32)'],
    needs: ['role', 'holder'],
    trap: 'a holder who is an admin of the role may grant it again',
    find: revokeRole,
  },
  {
    ...base,
    id: 'openzeppelin/upgrade-uups',
    kind: 'isolate',
    breadth: 'contract',
    signature: 'upgradeToAndCall(address,bytes)',
    recognisedBy: ['upgradeToAndCall(address,bytes)', 'proxiableUUID()'],
    needs: ['implementation'],
    trap: UPGRADE_TRAP,
    find: upgradeUups,
  },
  {
    ...base,
    id: 'openzeppelin/upgrade-transparent',
    kind: 'isolate',
    breadth: 'contract',
    signature: 'upgradeAndCall(address,address,bytes)',
    recognisedBy: ['upgradeAndCall(address,address,bytes)', 'owner()'],
    needs: ['proxy', 'implementation'],
    trap: UPGRADE_TRAP,
    find: upgradeTransparent,
  },
  {
    ...base,
    id: 'openzeppelin/upgrade-beacon',
    kind: 'isolate',
    breadth: 'system',
    signature: 'upgradeTo(address)',
    recognisedBy: ['upgradeTo(address)', 'implementation()'],
    needs: ['implementation'],
    trap: `every proxy of the beacon changes at once; ${UPGRADE_TRAP}`,
    find: upgradeBeacon,
  },
]

async function closeTarget({ ask, target, selectorsOf }: Subject): Promise<Found[]> {
  const manager = addressIn(await ask(target, 'authority() view returns (address)'))
  if (manager === undefined || !(await selectorsOf(manager)).has(toFunctionSelector(CLOSE))) return []
  const delay = numberIn(await ask(manager, 'getTargetAdminDelay(address) view returns (uint32)', [target]))
  return [
    {
      target: manager,
      args: [target, true],
      scope: `the restricted functions of ${target}`,
      state: [readOf(manager, 'isTargetClosed(address) view returns (bool)', { args: [target] })],
      undo: { signature: CLOSE, args: [target, false] },
      evidence: [
        `${manager} is the AccessManager of ${target}; its admin delay is ${delay ?? 'not readable'}${delay === undefined ? '' : ' s'}`,
      ],
    },
  ]
}

async function cancelScheduled({ ask, target, given }: Subject): Promise<Found[]> {
  const caller = givenAddress(given, 'caller')
  const called = givenAddress(given, 'callTarget')
  const data = given['callData']
  const hash = 'hashOperation(address,address,bytes) view returns (bytes32)'
  const [id] = (await ask(target, hash, [caller, called, data])) ?? []
  const schedule = 'getSchedule(bytes32) view returns (uint48)'
  const due = numberIn(await ask(target, schedule, [id]))
  // Not scheduled, or expired: there is nothing to cancel.
  if (due === undefined || due === 0n) return []
  return [
    {
      target,
      args: [caller, called, data],
      scope: `the operation ${id}`,
      state: [readOf(target, schedule, { args: [id], pulled: 'clear' })],
      evidence: [`${id} may be executed from ${due} on`],
    },
  ]
}

async function cancelTimelocked({ ask, target, given }: Subject): Promise<Found[]> {
  const operation = givenWord(given, 'operation')
  const [pending] = (await ask(target, 'isOperationPending(bytes32) view returns (bool)', [operation])) ?? []
  if (pending !== true) return []
  const timestamp = 'getTimestamp(bytes32) view returns (uint256)'
  const due = numberIn(await ask(target, timestamp, [operation]))
  return [
    {
      target,
      args: [operation],
      scope: `the operation ${operation}`,
      // An executed operation has timestamp 1, a cancelled one 0.
      state: [readOf(target, timestamp, { args: [operation], pulled: 'clear' })],
      evidence: [`${operation} may be executed from ${due} on`],
    },
  ]
}

async function revokeRole({ ask, target, given }: Subject): Promise<Found[]> {
  const role = givenWord(given, 'role')
  const holder = givenAddress(given, 'holder')
  const hasRole = 'hasRole(bytes32,address) view returns (bool)'
  const [has] = (await ask(target, hasRole, [role, holder])) ?? []
  if (has === undefined) return []
  const [admin] = (await ask(target, 'getRoleAdmin(bytes32) view returns (bytes32)', [role])) ?? []
  const [isOwnAdmin] = (await ask(target, hasRole, [admin, holder])) ?? []
  return [
    {
      target,
      args: [role, holder],
      scope: `role ${role} of ${holder}`,
      state: [readOf(target, hasRole, { args: [role, holder], pulled: 'clear' })],
      undo: { signature: GRANT, args: [role, holder] },
      evidence: [`the admin of the role is the role ${admin}`],
      ...(isOwnAdmin === true
        ? { trap: `${holder} is an admin of this role NOW: revoke that role first` }
        : {}),
    },
  ]
}

async function upgradeUups(subject: Subject): Promise<Found[]> {
  const { target, given, selectorsOf } = subject
  const implementation = givenAddress(given, 'implementation')
  if (implementation === undefined) return []
  const before = await subject.implementationOf(target)
  const uuid = toFunctionSelector('proxiableUUID()')
  // Without a UUPS upgrade in the new code it would be irreversible, and the proxy refuses it.
  if (before === target || !(await selectorsOf(implementation)).has(uuid)) return []
  return [
    {
      target,
      args: [implementation, '0x'],
      scope: 'the whole contract',
      state: [],
      undo: { signature: 'upgradeToAndCall(address,bytes)', args: [before, '0x'] },
      evidence: [`the code was that of ${before}`],
    },
  ]
}

async function upgradeTransparent(subject: Subject): Promise<Found[]> {
  const { target, given } = subject
  const [proxy, implementation] = [givenAddress(given, 'proxy'), givenAddress(given, 'implementation')]
  if (proxy === undefined || implementation === undefined) return []
  const before: Address = await subject.implementationOf(proxy)
  if (before === proxy) return []
  return [
    {
      target,
      args: [proxy, implementation, '0x'],
      scope: `the proxy ${proxy}`,
      state: [],
      undo: { signature: 'upgradeAndCall(address,address,bytes)', args: [proxy, before, '0x'] },
      evidence: [`the code of ${proxy} was that of ${before}`],
    },
  ]
}

async function upgradeBeacon({ ask, target, given }: Subject): Promise<Found[]> {
  const implementation = givenAddress(given, 'implementation')
  const view = 'implementation() view returns (address)'
  const before = addressIn(await ask(target, view))
  if (implementation === undefined || before === undefined) return []
  return [
    {
      target,
      args: [implementation],
      scope: 'every proxy of the beacon',
      state: [readOf(target, view, { pulled: wordOf(BigInt(implementation)) })],
      undo: { signature: 'upgradeTo(address)', args: [before] },
      evidence: [`the code was that of ${before}`],
    },
  ]
}
