import { decodeAbiParameters, toFunctionSelector } from 'viem'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Address, Hex } from '../model/hex.ts'
import { toHex } from './block-tag.ts'

/** What kind of account may pull a lever, by what its contract answers. */
export type AuthorityDetail =
  | { kind: 'eoa'; text: string }
  | { kind: 'safe'; owners: Address[]; threshold: number; nonce: number; text: string }
  | { kind: 'timelock'; delaySeconds: number; text: string }
  | { kind: 'access-manager'; text: string }
  | { kind: 'contract'; text: string }

const view = (signature: string): Hex => toFunctionSelector(signature)

/**
 * Asks an account what it is: a Safe (owners, threshold, nonce), an OpenZeppelin TimelockController (least delay) or
 * AccessManager, another contract, or none. A contract may lie here; whether it may pull the lever was tried before.
 */
export async function authorityDetail(rpc: Rpc, address: Address, block: number): Promise<AuthorityDetail> {
  const at = toHex(block)
  const ask = (data: Hex): Promise<Hex | null> =>
    rpc.request('eth_call', [{ to: address, data }, at]).then(
      (answer) => (String(answer).length >= 66 ? (String(answer) as Hex) : null),
      () => null,
    )
  const code = String(await rpc.request('eth_getCode', [address, at]))
  if (code === '0x') return { kind: 'eoa', text: 'an account with a key' }
  // EIP-7702: an account with a key that runs code of somebody else's
  if (code.startsWith('0xef0100'))
    return { kind: 'eoa', text: `an account with a key, delegated to 0x${code.slice(8)}` }
  const [owners, threshold, nonce, delay, expiration] = await Promise.all([
    ask(view('getOwners()')),
    ask(view('getThreshold()')),
    ask(view('nonce()')),
    ask(view('getMinDelay()')),
    ask(view('expiration()')),
  ])
  if (owners !== null && threshold !== null) return safeOf({ owners, threshold, nonce })
  if (delay !== null) {
    const delaySeconds = Number(BigInt(delay.slice(0, 66)))
    return { kind: 'timelock', delaySeconds, text: `a timelock: ${delaySeconds} seconds of delay at least` }
  }
  // AccessManager.expiration() is a week; nobody else has that name with hasRole(uint64,address)
  const hasRole =
    expiration === null ? null : await ask(`${view('hasRole(uint64,address)')}${'0'.repeat(128)}`)
  if (hasRole !== null)
    return { kind: 'access-manager', text: 'an AccessManager: ask it for the role and its delay' }
  return { kind: 'contract', text: 'a contract of another kind' }
}

type SafeAnswers = { owners: Hex; threshold: Hex; nonce: Hex | null }

function safeOf({ owners, threshold, nonce }: SafeAnswers): AuthorityDetail {
  try {
    const [list] = decodeAbiParameters([{ type: 'address[]' }], owners)
    const people = list.map((owner) => owner.toLowerCase() as Address)
    const quorum = Number(BigInt(threshold.slice(0, 66)))
    const count = nonce === null ? 0 : Number(BigInt(nonce.slice(0, 66)))
    const text = `a Safe: ${quorum} of ${people.length} owners, nonce ${count}; a pause that was signed beforehand dies when the nonce moves`
    return { kind: 'safe', owners: people, threshold: quorum, nonce: count, text }
  } catch {
    return { kind: 'contract', text: 'a contract that answers like a Safe and is none' }
  }
}
