import { getCode } from '../../chain/methods/get-code.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address } from '../../model/hex.ts'
import { type At, ask } from '../reading/call.ts'
import { isSomebody } from './named.ts'

/** The kind of account that may pull a lever, according to its contract's answers. */
export type AuthorityDetail =
  | { kind: 'eoa'; text: string }
  | { kind: 'safe'; owners: Address[]; threshold: number; nonce: number; text: string }
  | { kind: 'timelock'; delaySeconds: number; text: string }
  | { kind: 'governor'; text: string }
  | { kind: 'access-manager'; text: string }
  | { kind: 'contract'; text: string }

/** An owner of an owner of …: the maximum number of contracts in between. */
const LONGEST_CHAIN = 4
/** The views that name the one account that such a contract obeys, the most likely first. */
const OWNERS = ['owner()', 'admin()', 'governor()', 'governance()', 'gov()', 'getOwner()'] as const

/**
 * Determines what an account is: a Safe or an older multisig (owners, threshold), a timelock of OpenZeppelin or
 * Compound (delay), a Governor, an AccessManager, another contract with its owners down to a key, or an account with a
 * key. A contract may lie here; whether it may pull the lever was tried before.
 */
export async function authorityDetail(rpc: Rpc, address: Address, block: number): Promise<AuthorityDetail> {
  return detailOf({ rpc, block }, [address])
}

type Where = At & { block: number }

/** Queries the last account of `chain`; those before it are what it owns. */
async function detailOf(at: Where, chain: readonly Address[]): Promise<AuthorityDetail> {
  const address = chain.at(-1) ?? '0x'
  const code = await getCode(at.rpc, address, at.block)
  if (code === '0x') return { kind: 'eoa', text: 'an account with a key' }
  // EIP-7702: an account with a key that runs another contract's code
  if (code.startsWith('0xef0100'))
    return { kind: 'eoa', text: `an account with a key, delegated to 0x${code.slice(8)}` }
  const found =
    (await multisig(at, address)) ??
    (await governor(at, address)) ??
    (await timelock(at, chain)) ??
    (await accessManager(at, address))
  return found ?? { kind: 'contract', text: `a contract of another kind${await ownedBy(at, chain)}` }
}

async function multisig(at: At, to: Address): Promise<AuthorityDetail | undefined> {
  const [owners, threshold, required, nonce] = await Promise.all([
    ask(at, { to, view: 'getOwners() view returns (address[])' }),
    ask(at, { to, view: 'getThreshold() view returns (uint256)' }),
    ask(at, { to, view: 'required() view returns (uint256)' }),
    ask(at, { to, view: 'nonce() view returns (uint256)' }),
  ])
  const quorum = Number(threshold?.[0] ?? required?.[0] ?? 0n)
  if (threshold !== null && owners === null && quorum > 0)
    return { kind: 'contract', text: 'a contract that answers like a Safe and is none' }
  if (owners === null || quorum === 0) return undefined
  const people = (owners[0] as readonly string[]).map((owner) => owner.toLowerCase() as Address)
  if (threshold === null)
    return { kind: 'contract', text: `a multisig: ${quorum} of ${people.length} owners confirm on the chain` }
  const count = Number(nonce?.[0] ?? 0n)
  const text = `a Safe: ${quorum} of ${people.length} owners, nonce ${count}; a pause that was signed beforehand dies when the nonce moves`
  return { kind: 'safe', owners: people, threshold: quorum, nonce: count, text }
}

async function timelock(at: Where, chain: readonly Address[]): Promise<AuthorityDetail | undefined> {
  const to = chain.at(-1) ?? '0x'
  const [least, delay, grace] = await Promise.all([
    ask(at, { to, view: 'getMinDelay() view returns (uint256)' }),
    ask(at, { to, view: 'delay() view returns (uint256)' }),
    ask(at, { to, view: 'GRACE_PERIOD() view returns (uint256)' }),
  ])
  const seconds = least?.[0] ?? (grace === null ? undefined : delay?.[0])
  if (typeof seconds !== 'bigint') return undefined
  const delaySeconds = Number(seconds)
  const owner = await ownedBy(at, chain)
  const text = `a timelock: ${delaySeconds} seconds (${duration(delaySeconds)}) of delay at least${owner}`
  return { kind: 'timelock', delaySeconds, text }
}

async function governor(at: At, to: Address): Promise<AuthorityDetail | undefined> {
  const [delay, period] = await Promise.all([
    ask(at, { to, view: 'votingDelay() view returns (uint256)' }),
    ask(at, { to, view: 'votingPeriod() view returns (uint256)' }),
  ])
  if (delay === null || period === null) return undefined
  const [clock] = (await ask(at, { to, view: 'CLOCK_MODE() view returns (string)' })) ?? []
  const unit = String(clock ?? '').includes('timestamp') ? 'seconds' : 'blocks'
  const text = `a governor: a vote begins ${delay[0]} ${unit} after the proposal and lasts ${period[0]} ${unit}, and its timelock comes after that: too slow for an attack`
  return { kind: 'governor', text }
}

/** AccessManager.expiration() is a week; no other contract has that name together with hasRole(uint64,address) */
async function accessManager(at: At, to: Address): Promise<AuthorityDetail | undefined> {
  const [expiration, hasRole] = await Promise.all([
    ask(at, { to, view: 'expiration() view returns (uint32)' }),
    ask(at, {
      to,
      view: 'hasRole(uint64,address) view returns (bool, uint32)',
      args: [0n, `0x${'0'.repeat(40)}`],
    }),
  ])
  if (expiration === null || hasRole === null) return undefined
  return { kind: 'access-manager', text: 'an AccessManager: ask it for the role and its delay' }
}

/** The owner of a contract that is none of the kinds above, followed until the kind is known. */
async function ownedBy(at: Where, chain: readonly Address[]): Promise<string> {
  const address = chain.at(-1) ?? '0x'
  for (const view of OWNERS) {
    const [answer] = (await ask(at, { to: address, view: `${view} view returns (address)` })) ?? []
    if (typeof answer !== 'string') continue
    const owner = answer.toLowerCase() as Address
    if (!isSomebody(owner)) return `; its ${view} is ${owner}: nobody`
    if (chain.includes(owner)) return `; its ${view} is ${owner}, which it stands for itself`
    if (chain.length >= LONGEST_CHAIN) return `; its ${view} is ${owner}, not followed further`
    const { text } = await detailOf(at, [...chain, owner])
    return `; its ${view} is ${owner}, ${text}`
  }
  return ''
}

const UNITS = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
] as const

function duration(seconds: number): string {
  const [name, size] = UNITS.find(([, length]) => seconds >= length) ?? ['seconds', 1]
  return `${Number((seconds / size).toFixed(1))} ${name}`
}
