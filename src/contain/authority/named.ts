import { toHex as hexOf, keccak256, toEventSelector, toFunctionSelector } from 'viem'
import { z } from 'zod'
import { toHex } from '../../chain/methods/block-tag.ts'
import { callContract } from '../../chain/methods/call.ts'
import { getLogs } from '../../chain/methods/get-logs.ts'
import { unlessDown } from '../../chain/rpc/failure.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { storageWords } from '../../chain/rpc/storage.ts'
import { type Address, addressFromWord, type Hex, hashSchema } from '../../model/hex.ts'
import { authorityViews } from '../levers/catalogue.ts'
import { ask, VIEW_GAS } from '../reading/call.ts'

/** The accounts that a contract names as authorised: claims, and each is tried. */
export type Named = {
  accounts: { address: Address; by: string }[]
  /** Views that name an address without a key: `owner() is the zero address`. */
  givenUp: string[]
}

/** keccak256("eip1967.proxy.admin") − 1 */
export const ADMIN_SLOT = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103'
const ROLE_GRANTED = toEventSelector('RoleGranted(bytes32,address,address)')
const ADMIN_ROLE: Hex = `0x${'0'.repeat(64)}`
/** Roles that may pause, by their common names; holders are queried where the contract lists them. */
const ROLES: readonly Hex[] = [
  ADMIN_ROLE,
  ...[
    'PAUSER_ROLE',
    'PAUSE_ROLE',
    'PAUSER',
    'GUARDIAN_ROLE',
    'EMERGENCY_ROLE',
    'EMERGENCY_ADMIN_ROLE',
    'ADMIN_ROLE',
    'GOVERNOR_ROLE',
    'GOVERN_ROLE',
    'GOVERNANCE_ROLE',
    'OPERATOR_ROLE',
    'MANAGER_ROLE',
    'OWNER_ROLE',
  ].map((name) => keccak256(hexOf(name))),
]
/** Maximum holders of one role, and grants in the events, that are examined. */
const MOST_HOLDERS = 16
const MOST_GRANTED = 64
/** Maximum accounts of one contract that are tried. */
const MOST_NAMED = 96

/** Views by which a contract names another one that keeps its roles: Fei’s core, Aave’s, Balancer’s authorizer, … */
const ROLE_KEEPERS = [
  'core()',
  'accessControl()',
  'accessManager()',
  'accessController()',
  'aclManager()',
  'getACLManager()',
  'getAuthorizer()',
  'authority()',
  'roleManager()',
  'permissionManager()',
] as const
const keepers = ROLE_KEEPERS.map((signature) => ({ signature, selector: toFunctionSelector(signature) }))

/**
 * The accounts that a contract names by its views, as the admin of its proxy, and by AccessControl: holders that it
 * lists, else grants in its events. One level of contracts that keep roles for it is queried too. Throws
 * `chain.EndpointFailed` where the node does not answer.
 */
export async function namedBy(rpc: Rpc, target: Address, block: number): Promise<Named> {
  const [views, admin, keeper] = await Promise.all([
    answers(rpc, { target, block, views: authorityViews }),
    slotOf(rpc, { target, block }),
    answers(rpc, { target, block, views: keepers }),
  ])
  const held = await Promise.all(
    [target, ...new Set(keeper.map(({ address }) => address).filter(isSomebody))].map((keeperOf) =>
      holdersOf(rpc, keeperOf, block),
    ),
  )
  const all = [
    ...views,
    ...(admin === undefined ? [] : [{ address: admin, by: 'the admin of its proxy' }]),
    ...held.flat(),
  ]
  const accounts = new Map<Address, string>()
  for (const { address, by } of all)
    if (isSomebody(address) && !accounts.has(address)) accounts.set(address, by)
  return {
    accounts: [...accounts].slice(0, MOST_NAMED).map(([address, by]) => ({ address, by })),
    givenUp: views
      .filter(({ address }) => !isSomebody(address))
      .map(
        ({ address, by }) => `${by} is ${BigInt(address) === 0n ? 'the zero address' : address}: given up`,
      ),
  }
}

/**
 * False for addresses without a key: zero, precompiles, and common burn addresses. A call from there succeeds only in a
 * simulation.
 */
export function isSomebody(address: Address): boolean {
  const digits = address.slice(2)
  return BigInt(address) > 0xffffn && !/^0*dead$|^dead0*(dead|beef)?$/.test(digits)
}

type Asked = { target: Address; block: number }
type Answer = { address: Address; by: string }

async function answers(
  rpc: Rpc,
  { target, block, views }: Asked & { views: readonly { signature: string; selector: Hex }[] },
): Promise<Answer[]> {
  const found = await Promise.all(
    views.map(async ({ signature, selector }) => {
      const call = { to: target, data: selector, gas: VIEW_GAS }
      const answer = await callContract(rpc, call, { block }).catch((thrown): Hex => {
        unlessDown(thrown)
        return '0x'
      })
      const address = answer.length === 66 ? addressFromWord(answer.slice(2)) : undefined
      return address === undefined ? undefined : { address, by: signature }
    }),
  )
  return found.filter((answer) => answer !== undefined)
}

async function slotOf(rpc: Rpc, { target, block }: Asked): Promise<Address | undefined> {
  const [word = '0x'] = await storageWords(rpc, { address: target, slots: [ADMIN_SLOT], block: toHex(block) })
  const address = addressFromWord(word.slice(2))
  return address === undefined || BigInt(address) === 0n ? undefined : address
}

/** The present holders of a role, as the contract lists them; grants are read where it lists none. */
async function holdersOf(rpc: Rpc, keeper: Address, block: number): Promise<Answer[]> {
  const at = { rpc, block }
  const [admin] =
    (await ask(at, {
      to: keeper,
      view: 'getRoleAdmin(bytes32) view returns (bytes32)',
      args: [ADMIN_ROLE],
    })) ?? []
  if (admin === undefined) return []
  const listed = await Promise.all(ROLES.map((role) => membersOf(at, keeper, role)))
  const holders = listed.flat()
  return holders.length > 0 ? holders : grantedIn(at, keeper)
}

type At = { rpc: Rpc; block: number }

async function membersOf(at: At, keeper: Address, role: Hex): Promise<Answer[]> {
  const counted = await ask(at, {
    to: keeper,
    view: 'getRoleMemberCount(bytes32) view returns (uint256)',
    args: [role],
  })
  const count = Number(counted?.[0] ?? 0n)
  const members = await Promise.all(
    Array.from({ length: Math.min(count, MOST_HOLDERS) }, (_, i) =>
      ask(at, {
        to: keeper,
        view: 'getRoleMember(bytes32,uint256) view returns (address)',
        args: [role, BigInt(i)],
      }),
    ),
  )
  return members.flatMap((member) =>
    member === null ? [] : [{ address: String(member[0]).toLowerCase() as Address, by: `role ${role}` }],
  )
}

const grantSchema = z.object({ topics: z.array(hashSchema) })

/** Accounts that received a role, the latest first; whether one may still act is tried, as for all others. */
async function grantedIn({ rpc, block }: At, keeper: Address): Promise<Answer[]> {
  const filter = { address: keeper, topics: [ROLE_GRANTED], fromBlock: 0, toBlock: block }
  const logs = await getLogs(rpc, grantSchema, filter).catch(() => [])
  const granted = new Map<Address, string>()
  for (const { topics } of logs.reverse()) {
    const [, role = ADMIN_ROLE, account = ''] = topics
    const address = addressFromWord(account.slice(2))
    if (address !== undefined && !granted.has(address)) granted.set(address, `role ${role}, granted`)
  }
  return [...granted].slice(0, MOST_GRANTED).map(([address, by]) => ({ address, by }))
}
