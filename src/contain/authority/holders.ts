import { keccak256, toBytes } from 'viem'
import { callContract } from '../../chain/methods/call.ts'
import { unlessDown } from '../../chain/rpc/failure.ts'
import { storageWords } from '../../chain/rpc/storage.ts'
import { type Address, addressFromWord, type Hash, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'
import { authorityViews } from '../levers/catalogue.ts'
import { type At, encodeCall, VIEW_GAS } from '../reading/call.ts'
import { BEACON_SLOT } from '../reading/proxies.ts'
import { ADMIN_SLOT } from './named.ts'

/** Maximum depth to which owners of owners are followed. */
const DEEPEST = 4
/** Maximum contracts with authority: a contract may name as many as it likes. */
const MOST = 64

/** Further views, in addition to `authorityViews`, by which a contract names the account that controls it. */
const FURTHER = [
  'authority()',
  'timelock()',
  'executor()',
  'getOwner()',
  'controller()',
  'manager()',
] as const

/** The slots in which proxies keep their admin and their beacon. Sources: EIP-1967, zeppelinos. */
const SLOTS = [
  ADMIN_SLOT,
  BEACON_SLOT,
  '0x10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b',
] as const

/**
 * The accounts with authority over these contracts at a block: owners, admins, AccessManagers, proxy admins, and the
 * accounts with authority over those in turn. Queries only these contracts and those that they name; no account is
 * asked about itself.
 */
export async function authorityHolders(at: At, contracts: readonly Address[]): Promise<ReadonlySet<Address>> {
  const holders = new Set<Address>()
  let layer: readonly Address[] = contracts
  for (let depth = 0; depth < DEEPEST && layer.length > 0; depth++) {
    const named = (await Promise.all(layer.map((contract) => namedOver(at, contract)))).flat()
    const next = [...new Set(named)].filter(
      (address) => !holders.has(address) && !contracts.includes(address),
    )
    layer = next.slice(0, Math.max(0, MOST - holders.size))
    for (const address of layer) holders.add(address)
  }
  return holders
}

/**
 * The accounts with authority over a contract according to its answers and storage, independent of who may pull its
 * levers (`namedBy`).
 */
async function namedOver(at: At, contract: Address): Promise<Address[]> {
  const views = [
    ...authorityViews.map(({ selector }) => selector),
    ...FURTHER.map((view) => encodeCall(view)),
  ]
  const kept = storageWords(at.rpc, { address: contract, slots: SLOTS, block: at.block }).catch((thrown) => {
    unlessDown(thrown)
    return []
  })
  const words = await Promise.all([...views.map((data) => answerOf(at, { to: contract, data })), kept])
  return words.flat().flatMap((word) => {
    const address = word === null ? undefined : addressFromWord(word.slice(2))
    return address === undefined || address === ZERO_ADDRESS || address === contract ? [] : [address]
  })
}

/** The one word that a contract answers, or null where it has no such answer. Throws where the node does not answer. */
async function answerOf(at: At, call: { to: Address; data: Hex }): Promise<Hex | null> {
  try {
    const word = await callContract(at.rpc, { ...call, gas: VIEW_GAS }, { block: at.block })
    return word.length === 66 ? word : null
  } catch (thrown) {
    unlessDown(thrown)
    return null
  }
}

/** OpenZeppelin's own roles, and common role names of protocols; 0 is the admin of all. */
const ROLES: readonly Hash[] = [
  `0x${'0'.repeat(64)}`,
  ...[
    'PROPOSER_ROLE',
    'EXECUTOR_ROLE',
    'CANCELLER_ROLE',
    'TIMELOCK_ADMIN_ROLE',
    'ADMIN_ROLE',
    'OWNER_ROLE',
  ].map(roleOf),
  ...[
    'GOVERNOR_ROLE',
    'GOVERNANCE_ROLE',
    'GUARDIAN_ROLE',
    'MANAGER_ROLE',
    'UPGRADER_ROLE',
    'PAUSER_ROLE',
  ].map(roleOf),
]

function roleOf(name: string): Hash {
  return keccak256(toBytes(name))
}

/** Whether an account holds a role in one of these contracts, according to their answers. */
export async function holdsRoleIn(at: At, contracts: Iterable<Address>, account: Address): Promise<boolean> {
  for (const to of contracts) {
    const answers = await Promise.all(
      ROLES.map((role) =>
        answerOf(at, { to, data: encodeCall('hasRole(bytes32,address)', [role, account]) }),
      ),
    )
    if (answers.some((answer) => answer !== null && BigInt(answer) === 1n)) return true
  }
  return false
}
