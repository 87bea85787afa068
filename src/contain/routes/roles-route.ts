import { decodeAbiParameters, stringToHex, toEventSelector } from 'viem'
import { z } from 'zod'
import { getLogs } from '../../chain/methods/get-logs.ts'
import type { Route } from '../../model/containment.ts'
import { type Address, addressSchema, type Hash, type Hex, hashSchema, hexSchema } from '../../model/hex.ts'
import { ask, type Call, encodeCall, goesThrough } from '../reading/call.ts'
import type { FoundRoute, Reach } from './reach.ts'

type RolesRoute = Extract<Route, { kind: 'roles' }>

/** The start of a Safe's list of modules. */
const SENTINEL = '0x0000000000000000000000000000000000000001'
const MOST_MODULES = 50
const MOST_ROLES = 50
const MODULES =
  'getModulesPaginated(address start, uint256 pageSize) view returns (address[] array, address next)'
const EXEC =
  'execTransactionWithRole(address to, uint256 value, bytes data, uint8 operation, bytes32 roleKey, bool shouldRevert) returns (bool success)'
const ASSIGNED = toEventSelector('AssignRoles(address,bytes32[],bool[])')

/** The role that `cordon levers authorize-role` creates. */
export const DEFAULT_ROLE = 'cordon-pause'

/** A role's key from its name, as Zodiac's own tools derive it: its characters, padded with zeros. */
export function roleKeyOf(name: string): Hash {
  return stringToHex(name, { size: 32 })
}

/**
 * Routes through Zodiac Roles v2: a modifier that is a module of the Safe, and a signer of ours in a role that allows
 * exactly this call. Roles come from the modifier's `AssignRoles` logs, from the member's default role, and from
 * `cordon levers authorize-role`; each is tried in `eth_call`, never trusted untested.
 */
export async function rolesRoutes(call: Call, avatar: Address, reach: Reach): Promise<FoundRoute[]> {
  const answer = await ask(reach, { to: avatar, view: MODULES, args: [SENTINEL, BigInt(MOST_MODULES)] })
  const modules = z.array(addressSchema).max(MOST_MODULES).safeParse(answer?.[0])
  if (!modules.success) return []
  const found = await Promise.all(
    modules.data.map(async (modifier) => {
      const assigned = await assignedRoles(modifier, reach)
      if (assigned === null) return []
      const ways = await Promise.all(
        reach.signers.map((member) => roleOf(call, { modifier, avatar, member }, { reach, assigned })),
      )
      return ways.filter((way) => way !== undefined)
    }),
  )
  return found.flat()
}

type Member = Pick<RolesRoute, 'modifier' | 'avatar' | 'member'>
type Known = { reach: Reach; assigned: ReadonlyMap<Address, ReadonlySet<Hash>> }

async function roleOf(call: Call, at: Member, { reach, assigned }: Known): Promise<FoundRoute | undefined> {
  const { modifier, member } = at
  const answer = await ask(reach, {
    to: modifier,
    view: 'defaultRoles(address) view returns (bytes32)',
    args: [member],
  })
  const own = hashSchema.safeParse(answer?.[0])
  const keys = new Set([
    ...(assigned.get(member) ?? []),
    ...(own.success ? [own.data] : []),
    roleKeyOf(DEFAULT_ROLE),
  ])
  for (const roleKey of [...keys].slice(0, MOST_ROLES)) {
    const route: RolesRoute = { kind: 'roles', ...at, roleKey }
    if (!(await goesThrough(reach, { ...rolesCall(route, call), from: member }))) continue
    const text = `${member} is in role ${roleKey} of the Roles modifier ${modifier}, which allows this call`
    return { route, seconds: 0, isLive: true, text }
  }
  return undefined
}

/** Members and their roles from the logs; empty where the node returns no logs, null if it is not a Roles modifier. */
async function assignedRoles(modifier: Address, reach: Reach): Promise<Map<Address, Set<Hash>> | null> {
  const avatar = await ask(reach, { to: modifier, view: 'avatar() view returns (address)' })
  if (avatar === null) return null
  const filter = {
    address: modifier,
    topics: [ASSIGNED],
    fromBlock: 0,
    toBlock: reach.block,
  }
  const logs = await getLogs(reach.rpc, z.object({ data: hexSchema }), filter).catch(() => [])
  const roles = new Map<Address, Set<Hash>>()
  for (const { data } of logs) noteAssignment(roles, data)
  return roles
}

function noteAssignment(roles: Map<Address, Set<Hash>>, data: Hex): void {
  try {
    const types = [{ type: 'address' }, { type: 'bytes32[]' }, { type: 'bool[]' }] as const
    const [module, keys, memberOf] = decodeAbiParameters(types, data)
    const member = module.toLowerCase() as Address
    const held = roles.get(member) ?? new Set()
    keys.forEach((key, i) => {
      if (memberOf[i] === true) held.add(key)
      else held.delete(key)
    })
    roles.set(member, held)
  } catch {
    // a log of another shape is ignored
  }
}

/** The member's call. `shouldRevert`: an inner call that fails reverts the transaction. */
export function rolesCall({ modifier, roleKey }: RolesRoute, { to, value, data }: Call): Call {
  return { to: modifier, value: 0n, data: encodeCall(EXEC, [to, value, data, 0, roleKey, true]) }
}
