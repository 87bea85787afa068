import type { Frame } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { wordAt, ZERO_ADDRESS } from '../../model/hex.ts'
import { isEntry } from './entries.ts'

/** A payment that a call's message ordered: bytes within the calldata that name the payee. */
export type Release = {
  entry: Frame
  bridge: Address
  /** The bytes argument that names the recipient. */
  message: Hex
  recipient: Address
  transfer: TransferFact
}

/** Bounds of a message: at least an address and an amount, and no more than messages have in practice. */
const LEAST_BYTES = 52
const MOST_BYTES = 16_384
const MOST_RELEASES = 32
const MOST_HEADS = 12
/** Maximum frames examined per query: fifty payments ten calls deep are five hundred. */
const MOST_LOOKS = 5_000

/** The dynamic arguments of a call that are long enough to be a message, in ABI layout. */
export function messagesIn({ input }: Frame): Hex[] {
  const found: Hex[] = []
  const size = (input.length - 10) / 2
  for (let n = 0; n < MOST_HEADS; n++) {
    const at = 10 + n * 64
    if (at + 64 > input.length) break
    // Nearly all words are not offsets: their zeros show it, without cutting text.
    if (!input.startsWith(SMALL, at)) continue
    const offset = Number.parseInt(input.slice(at + 56, at + 64), 16)
    if (offset % 32 !== 0 || offset < 32 || offset + 32 > size) continue
    const length = smallNumber(wordAt(input, offset / 32, 10) ?? '')
    if (length === undefined || length < LEAST_BYTES || length > MOST_BYTES || offset + 32 + length > size)
      continue
    const start = 10 + (offset + 32) * 2
    found.push(`0x${input.slice(start, start + length * 2)}`)
  }
  return found
}

const SMALL = '0'.repeat(56)

function smallNumber(word: string): number | undefined {
  return word.length === 64 && word.startsWith(SMALL) ? Number.parseInt(word.slice(56), 16) : undefined
}

/** Which messages are relevant; payments to and from these accounts are not. */
export type ReleaseQuery = { actors: ReadonlySet<Address>; isBridge(contract: Address): boolean }

/**
 * Payments and mints by strangers to an account that a message in the calldata of the enclosing call names, while the
 * caller's side gave nothing in that call. Each transfer counts for the outermost such call; at most 32 per
 * transaction.
 */
export function releasesIn(tx: TransactionFacts, { actors, isBridge }: ReleaseQuery): Release[] {
  const { frames } = tx.transaction
  const found: Release[] = []
  const paid = new Map<Frame, boolean>()
  const looks: Looks = { left: MOST_LOOKS, messages: new Map() }
  for (const fact of tx.facts) {
    if (found.length >= MOST_RELEASES || looks.left <= 0) break
    if (fact.kind !== 'transfer' || fact.amount === 0n || fact.tokenId !== null) continue
    if (actors.has(fact.from) || fact.to === ZERO_ADDRESS) continue
    const release = releaseOf(fact, frames, { isBridge, looks })
    if (release === undefined || actors.has(release.bridge)) continue
    const isPaid = paid.get(release.entry) ?? givesIn(release.entry, tx, actors)
    paid.set(release.entry, isPaid)
    if (isPaid) continue
    found.push(release)
  }
  return found
}

/** The remaining frames that may be examined in one query, and the messages of those that were. */
type Looks = { left: number; messages: Map<Frame, Hex[]> }

function messagesOf(entry: Frame, { messages }: Looks): Hex[] {
  const known = messages.get(entry)
  if (known !== undefined) return known
  const found = messagesIn(entry)
  messages.set(entry, found)
  return found
}

function releaseOf(
  transfer: TransferFact,
  frames: readonly Frame[],
  { isBridge, looks }: { isBridge: ReleaseQuery['isBridge']; looks: Looks },
): Release | undefined {
  const tail = transfer.to.slice(2)
  let found: Release | undefined
  for (let entry = frames[transfer.frame]; entry !== undefined; entry = frames[entry.parent]) {
    if (--looks.left < 0) break
    if (entry.input.length < 10 + 64 * 4 || entry.context === null) continue
    if (!isBridge(entry.context) || !isEntry(entry, frames)) continue
    const message = messagesOf(entry, looks).find((it) => it.includes(tail))
    if (message !== undefined)
      found = { entry, bridge: entry.context, message, recipient: transfer.to, transfer }
  }
  return found
}

function givesIn(entry: Frame, tx: TransactionFacts, actors: ReadonlySet<Address>): boolean {
  return tx.facts.some(
    (it) =>
      it.kind === 'transfer' &&
      it.frame >= entry.index &&
      it.frame < entry.end &&
      it.amount > 0n &&
      actors.has(it.from) &&
      !actors.has(it.to),
  )
}

/** ecrecover, sha256, modular exponentiation and the pairing curve: used to check proofs and signatures. */
const PROVERS: ReadonlySet<string> = new Set(
  [1, 2, 5, 6, 7, 8].map((n) => `0x${n.toString(16).padStart(40, '0')}`),
)

/** True where a frame checks a signature or a proof, as far as a trace shows. */
export function isCheck({ to }: Frame): boolean {
  // Most addresses are distinguished by their first digits, without hashing them.
  return to?.startsWith('0x00000000') === true && PROVERS.has(to)
}

/** True where a call or one under it checked a signature or a proof. */
export function hasChecks(entry: Frame, frames: readonly Frame[]): boolean {
  for (let i = entry.index + 1; i < entry.end; i++) {
    const frame = frames[i]
    if (frame !== undefined && isCheck(frame)) return true
  }
  return false
}
