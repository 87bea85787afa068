import { sha256 } from '../../kit/json.ts'
import type { Frame } from '../../model/block.ts'
import { entryFrame, NATIVE } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import { isNamed } from '../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../../model/hex.ts'
import { forgetOldest } from './bounded.ts'
import { contextsAround } from './entries.ts'

/**
 * How far a third party agreed to a movement of its tokens. `given`: it signed for the contract that moves them, or,
 * while nothing is protected, for an unknown desk, and the takers gave something of their own. `likely`: the same, but
 * nothing was given. `none`: no signature, or one that does not cover the movement.
 */
export type Consent = 'given' | 'likely' | 'none'

/** The remembered signatures; bounded, plain data, the oldest is forgotten first. */
export type Signatures = {
  /** Signer and digest of a verification → the first transaction with it. */
  used: Map<string, string>
  /** Owner and spender, where the owner's approval was seen. */
  approved: Set<string>
}

export function noSignatures(): Signatures {
  return { used: new Map(), approved: new Set() }
}

export function copySignatures({ used, approved }: Signatures): Signatures {
  return { used: new Map(used), approved: new Set(approved) }
}

const MOST_USED = 20_000
const MOST_APPROVED = 20_000
/** Maximum signatures recorded per transaction: a transaction with thousands must not push out all others. */
const MOST_NOTED = 64

/** Remembers the verifications and approvals in a successful transaction. */
export function noteSignatures({ transaction, facts }: TransactionFacts, memory: Signatures): void {
  if (transaction.succeeded === false) return
  let noted = 0
  for (const frame of transaction.frames) {
    const key = frame.reverted ? undefined : keyOf(frame)
    if (key === undefined || memory.used.has(key)) continue
    if (++noted > MOST_NOTED) break
    memory.used.set(key, transaction.hash)
    forgetOldest(memory.used, MOST_USED)
  }
  for (const fact of facts) {
    if (fact.kind !== 'approval') continue
    const key = `${fact.owner}:${fact.spender}`
    memory.approved.delete(key)
    if (fact.amount === 0n) continue
    memory.approved.add(key)
    forgetOldest(memory.approved, MOST_APPROVED)
  }
}

export type ConsentOptions = {
  tx: TransactionFacts
  actors: ReadonlySet<Address>
  scope: Scope
  memory: Signatures
}

/**
 * The consent that a signature in the trace gives to a movement. An attacker can have a contract of their own verify
 * any public signature, so the verifier matters: the token itself (a permit for the spender), the contract that moves
 * the tokens (Permit2, a settlement), or one on the way to it that the owner approved before or that is protected. A
 * signature that was verified in an earlier transaction, or again in this one, proves nothing.
 */
export function consentTo(transfer: TransferFact, options: ConsentOptions): Consent {
  const { tx, actors, scope } = options
  const { frames } = tx.transaction
  const checks = checksOf(frames).get(transfer.from)
  if (checks === undefined) return 'none'
  const asked = transfer.asset === NATIVE ? undefined : entryFrame(transfer.asset, transfer.frame, frames)
  if (asked === undefined || asked.from === null || isReadyMade(asked, frames)) return 'none'
  const moving: Moving = { ...options, transfer, asked, mover: asked.from, frames }
  let isLikely = false
  for (const check of checks) {
    if (check.index >= transfer.frame) break
    if (!isTrue(check, moving) || isReplayed(check, moving)) continue
    const standing = standingOf(check, moving)
    if (standing === undefined) continue
    if (takenOften(transfer, { tx, actors })) continue
    const isPaidFor = gaveSomething(transfer, { tx, actors })
    // an unknown desk may belong to anyone: where contracts are protected, its verification does not count
    if (standing !== 'theirs' && scope.kind !== 'everything') continue
    if (isPaidFor) return 'given'
    if (standing === 'theirs') isLikely = true
  }
  return isLikely ? 'likely' : 'none'
}

type Moving = ConsentOptions & {
  transfer: TransferFact
  /** The call to the token, and the account that made it. */
  asked: Frame
  mover: Address
  frames: readonly Frame[]
}

/**
 * The number of different signatures of an owner that a contract itself verified before a frame. Its later actions with
 * that owner's assets have consent as often as the owner signed: one signature used for several movements counts once.
 */
export function signaturesOf(
  owner: Address,
  verifier: Address,
  { frames, before }: { frames: readonly Frame[]; before: number },
): number {
  const checks = (checksOf(frames).get(owner) ?? []).filter(
    (frame) => frame.index < before && verifierOf(frame, frames) === verifier,
  )
  return new Set(checks.map(({ input }) => input)).size
}

/** The ecrecover precompile. */
const ECRECOVER = '0x0000000000000000000000000000000000000001'
/** isValidSignature(bytes32,bytes) of ERC-1271 and isValidSignature(bytes,bytes) before it: each answers its selector. */
const IS_VALID = '0x1626ba7e'
const IS_VALID_BYTES = '0x20c13b0b'

/** The signer whose signature a frame verified; undefined for every other frame. The zero address is not a signer. */
function verifiedBy({ to, input, output }: Frame): Address | undefined {
  if (to === ECRECOVER) {
    const word = wordAt(output, 0)
    const signer = input.length < 258 || word === undefined ? undefined : addressFromWord(word)
    return signer === undefined || /^0x0+$/.test(signer) ? undefined : signer
  }
  const selector = selectorOf(input)
  const isAsked = selector === IS_VALID || selector === IS_VALID_BYTES
  return to !== null && isAsked && output.startsWith(selector) ? to : undefined
}

/** Needed for each of thousands of movements: cached with the trace. */
const checksByTrace = new WeakMap<readonly Frame[], ReadonlyMap<Address, readonly Frame[]>>()

/** The successful verifications of signatures, by signer, in order. */
function checksOf(frames: readonly Frame[]): ReadonlyMap<Address, readonly Frame[]> {
  const known = checksByTrace.get(frames)
  if (known !== undefined) return known
  const found = new Map<Address, Frame[]>()
  for (const frame of frames) {
    const signer = frame.reverted ? undefined : verifiedBy(frame)
    if (signer === undefined) continue
    const others = found.get(signer)
    if (others === undefined) found.set(signer, [frame])
    else others.push(frame)
  }
  checksByTrace.set(frames, found)
  return found
}

/** The signed digest and its signer: a signature has a twin (`s` and its negative), the digest has none. */
function keyOf(frame: Frame): string | undefined {
  const signer = verifiedBy(frame)
  if (signer === undefined) return undefined
  if (frame.to === ECRECOVER) return `${signer}:${wordAt(frame.input, 0)}`
  const hash = selectorOf(frame.input) === IS_VALID ? wordAt(frame.input, 0, 10) : undefined
  return `${signer}:${hash ?? sha256(frame.input)}`
}

/**
 * A contract's own answer counts only where it existed before in its present form: not created, upgraded or transferred
 * for this.
 */
function isTrue(check: Frame, { tx, transfer: { from } }: Moving): boolean {
  if (check.to === ECRECOVER) return true
  if (isMade(from, tx.transaction.frames)) return false
  return !tx.facts.some(
    (fact) =>
      fact.kind === 'control' &&
      fact.contract === from &&
      fact.change !== 'paused' &&
      fact.change !== 'unpaused',
  )
}

function isMade(contract: Address, frames: readonly Frame[]): boolean {
  return frames.some(({ type, to }) => type.startsWith('CREATE') && to === contract)
}

/** True where the same was verified in an earlier transaction, or in this one in another call of the same contract. */
function isReplayed(check: Frame, { tx, memory, frames, transfer }: Moving): boolean {
  const key = keyOf(check)
  if (key === undefined) return true
  const { hash } = tx.transaction
  if ((memory.used.get(key) ?? hash) !== hash) return true
  const verifier = verifierOf(check, frames)
  const entry = verifier === null ? undefined : entryFrame(verifier, check.index, frames)
  return (checksOf(frames).get(transfer.from) ?? []).some(
    (other) =>
      other.index !== check.index &&
      keyOf(other) === key &&
      verifierOf(other, frames) === verifier &&
      verifier !== null &&
      entryFrame(verifier, other.index, frames)?.index !== entry?.index,
  )
}

/** The context in which a signature was verified. */
function verifierOf({ parent }: Frame, frames: readonly Frame[]): Address | null {
  return frames[parent]?.context ?? null
}

/**
 * The standing of the verifier. `theirs`: a contract that the owner trusts with the tokens. `unknown`: one on the way,
 * with an unknown owner. Undefined where it does not cover the movement.
 */
function standingOf(check: Frame, moving: Moving): 'theirs' | 'unknown' | undefined {
  const { transfer, frames, mover, scope, memory, tx } = moving
  const verifier = verifierOf(check, frames)
  if (verifier === null || verifier === transfer.from || isMade(verifier, frames)) return undefined
  const entry = entryFrame(verifier, check.index, frames)
  if (entry === undefined) return undefined
  if (verifier === transfer.asset) return isPermit(entry, moving) ? 'theirs' : undefined
  const isOnTheWay = entry.index <= transfer.frame && transfer.frame < entry.end
  if (!isOnTheWay) return verifier === mover && isSignedFor(entry, moving) ? 'theirs' : undefined
  if (!contextsAround(transfer.frame, frames).includes(verifier)) return undefined
  if (!namesAmount(verifier, transfer, frames)) return undefined
  if (verifier === mover || isNamed(scope, verifier)) return 'theirs'
  if (memory.approved.has(`${transfer.from}:${verifier}`)) return 'theirs'
  const keeps = (tx.deltas.get(verifier)?.get(transfer.asset) ?? 0n) > 0n
  return keeps ? undefined : 'unknown'
}

/** True where the token granted the spender what it then took, on the owner's signature (EIP-2612 and similar). */
function isPermit(entry: Frame, { tx, transfer, mover }: Moving): boolean {
  const { asset, from, amount, tokenId } = transfer
  return tx.facts.some(
    (fact) =>
      fact.kind === 'approval' &&
      fact.asset === asset &&
      fact.owner === from &&
      fact.spender === mover &&
      (tokenId !== null || fact.amount >= amount) &&
      entry.index <= fact.frame &&
      fact.frame < entry.end,
  )
}

/**
 * True where a signature given in advance, in a separate call, is for the later caller of the mover, over this token:
 * an allowance of Permit2. The mover itself enforces the amount.
 */
function isSignedFor({ input }: Frame, { transfer, mover, asked, frames }: Moving): boolean {
  const caller = entryFrame(mover, asked.index, frames)?.from
  const words = wordsIn(input)
  const names = (account: string | null | undefined): boolean =>
    account !== null && account !== undefined && words.some((word) => word === BigInt(account))
  return names(transfer.asset) && names(caller)
}

/** The signed amount may exceed the moved one by a fee that is withheld: a quarter at most. */
const MOST_OVER = { times: 5n, of: 4n }
const MOST_WORDS = 256

function wordsIn(input: Frame['input']): bigint[] {
  const words: bigint[] = []
  for (let n = 0; n < MOST_WORDS; n++) {
    const word = wordAt(input, n, 10)
    if (word === undefined) break
    words.push(BigInt(`0x${word}`))
  }
  return words
}

/** True where a call into the verifier on the way to the movement names the amount (or the id) that moved. */
function namesAmount(
  verifier: Address,
  { frame, amount, tokenId }: TransferFact,
  frames: readonly Frame[],
): boolean {
  const moved = tokenId ?? amount
  const isIt = (named: bigint): boolean =>
    named === moved || (tokenId === null && named > moved && named * MOST_OVER.of <= moved * MOST_OVER.times)
  for (let at = frames[frame]; at !== undefined; at = frames[at.parent])
    if (at.context === verifier && wordsIn(at.input).some(isIt)) return true
  return false
}

/** True where the spender received the exact call that it made to the token: it lends its authority to any caller. */
function isReadyMade(asked: Frame, frames: readonly Frame[]): boolean {
  const call = asked.input.slice(2)
  if (call.length < 8) return true
  for (let at = frames[asked.parent]; at !== undefined; at = frames[at.parent])
    if (at.input.includes(call)) return true
  return false
}

/** True where one signature of the owner is used for several movements of the same asset to takers. */
function takenOften(
  { from, asset }: TransferFact,
  { tx, actors }: Pick<ConsentOptions, 'tx' | 'actors'>,
): boolean {
  const taken = tx.facts.filter(
    (fact) => fact.kind === 'transfer' && fact.from === from && fact.asset === asset && actors.has(fact.to),
  )
  return taken.length > 1
}

/** True where the takers gave an asset of their own to another account, except the coin, which is paid for anything. */
function gaveSomething(
  { asset }: TransferFact,
  { tx, actors }: Pick<ConsentOptions, 'tx' | 'actors'>,
): boolean {
  return [...actors].some((actor) =>
    [...(tx.deltas.get(actor) ?? [])].some(
      ([key, change]) => change < 0n && key !== asset && key !== 'native',
    ),
  )
}
