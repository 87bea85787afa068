import { encodeAbiParameters, keccak256 } from 'viem'
import { z } from 'zod'
import type { Route } from '../../model/containment.ts'
import type { Address, Hash } from '../../model/hex.ts'
import { addressSchema } from '../../model/hex.ts'
import { type At, ask, type Call, encodeCall, goesThrough } from '../reading/call.ts'
import type { FoundRoute, Reach } from './reach.ts'

type AccessManagerRoute = Extract<Route, { kind: 'access-manager' }>

const delaySchema = z.tuple([z.boolean(), z.number().int()])

/** The AccessManager that a contract obeys, or the contract itself where it is one; null where it has none. */
export async function managerOf(at: At, target: Address): Promise<Address | null> {
  const [isManager, answer] = await Promise.all([
    ask(at, { to: target, view: 'expiration() view returns (uint32)' }),
    ask(at, { to: target, view: 'authority() view returns (address)' }),
  ])
  if (isManager !== null) return target
  const manager = addressSchema.safeParse(answer?.[0])
  return manager.success ? manager.data : null
}

/**
 * Routes through an OpenZeppelin AccessManager for members with a delay: `schedule` now, `execute` after it. A member
 * without delay calls the target directly, which is tried before. `schedule` is tried in `eth_call`. Source:
 * AccessManager.sol, 5.x.
 */
export async function accessManagerRoutes(call: Call, manager: Address, reach: Reach): Promise<FoundRoute[]> {
  const found = await Promise.all(
    reach.signers.map(async (member): Promise<FoundRoute | undefined> => {
      if (!(await goesThrough(reach, { ...scheduleCall(manager, call), from: member }))) return undefined
      const delaySeconds = await delayOf({ call, manager, member }, reach)
      const route: AccessManagerRoute = { kind: 'access-manager', manager, member, delaySeconds }
      const text = `${member} may schedule this with the AccessManager ${manager}; it can be executed ${delaySeconds} seconds later`
      return { route, seconds: delaySeconds, isLive: true, text }
    }),
  )
  return found.filter((way) => way !== undefined)
}

type Asked = { call: Call; manager: Address; member: Address }

/** The manager's own functions have the delay of the admin role; those on a target have the target's in addition. */
async function delayOf({ call, manager, member }: Asked, at: At): Promise<number> {
  const view = 'canCall(address caller, address target, bytes4 selector) view returns (bool, uint32)'
  const answer = await ask(at, { to: manager, view, args: [member, call.to, call.data.slice(0, 10)] })
  const parsed = delaySchema.safeParse(answer)
  const own = parsed.success ? parsed.data[1] : 0
  if (call.to !== manager || call.data.length < 74) return own
  const target = `0x${call.data.slice(34, 74)}`
  const admin = await ask(at, {
    to: manager,
    view: 'getTargetAdminDelay(address target) view returns (uint32)',
    args: [target],
  })
  return Math.max(own, Number(admin?.[0] ?? 0))
}

/** `when` 0: as soon as the delay allows. */
export function scheduleCall(manager: Address, { to, data }: Call): Call {
  const signature =
    'schedule(address target, bytes data, uint48 when) returns (bytes32 operationId, uint32 nonce)'
  return { to: manager, value: 0n, data: encodeCall(signature, [to, data, 0]) }
}

export function executeCall(manager: Address, { to, data }: Call): Call {
  return { to: manager, value: 0n, data: encodeCall('execute(address target, bytes data)', [to, data]) }
}

/** When a member's scheduled call can be executed, seconds since the epoch; null where it is not scheduled. */
export async function accessManagerReadyAt(
  { manager, member }: AccessManagerRoute,
  call: Call,
  at: At,
): Promise<number | null> {
  const answer = await ask(at, {
    to: manager,
    view: 'getSchedule(bytes32 id) view returns (uint48)',
    args: [operationId(member, call)],
  })
  const time = Number(answer?.[0] ?? 0)
  return time === 0 ? null : time
}

function operationId(caller: Address, { to, data }: Call): Hash {
  return keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'address' }, { type: 'bytes' }], [caller, to, data]),
  )
}
