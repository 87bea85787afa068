import type { Frame } from '../model/block.ts'
import { entryFrame, NATIVE } from '../model/block.ts'
import type { TransactionFacts, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../model/hex.ts'
import { contextsAround } from './entries.ts'

/**
 * How far a third party agreed to a movement of its tokens. `given`: its signature was verified before, over a call that
 * names the amount, and the takers gave something of their own. `likely`: the same, but nothing was given, or the
 * signature had been used before. `none`: no signature, or one that does not carry the movement.
 */
export type Consent = 'given' | 'likely' | 'none'

/** Signatures that were taken for consent, by what tells one from another; the oldest is forgotten first. */
export type UsedSignatures = Map<string, string>

const MOST_USED = 10_000

export type ConsentOptions = { tx: TransactionFacts; actors: ReadonlySet<Address>; used: UsedSignatures }

/**
 * What a signature in the trace says for a movement. An attacker can have any public signature verified by a contract of
 * their own, so it counts only where control passed through whoever verified it on the way to the movement, where that
 * contract was not made for this and keeps nothing, and where nobody handed the spender a ready-made call of the token.
 */
export function consentTo(transfer: TransferFact, options: ConsentOptions): Consent {
  const { tx, actors, used } = options
  const { frames, hash } = tx.transaction
  const around = contextsAround(transfer.frame, frames)
  const check = frames.find((frame) => isCarried(frame, { transfer, around, tx }))
  if (check === undefined || isReadyMade(transfer, frames)) return 'none'
  const key = `${transfer.from}${check.input.slice(-194)}`
  const isReplayed = (used.get(key) ?? hash) !== hash || takenOften(transfer, { tx, actors })
  if (!used.has(key)) used.set(key, hash)
  if (used.size > MOST_USED) for (const oldest of used.keys()) if (used.delete(oldest)) break
  const isPaidFor = gaveSomething(transfer, { tx, actors })
  if (isReplayed) return isPaidFor ? 'likely' : 'none'
  return isPaidFor ? 'given' : 'likely'
}

type Carried = { transfer: TransferFact; around: readonly Address[]; tx: TransactionFacts }

/** True for a frame that verifies the owner’s signature, for a contract through which the movement was asked for. */
function isCarried(frame: Frame, { transfer, around, tx }: Carried): boolean {
  const { frames } = tx.transaction
  if (frame.index >= transfer.frame || frame.reverted || !isVerified(frame, transfer.from)) return false
  const verifier = frames[frame.parent]?.context ?? null
  if (verifier === null || verifier === transfer.from || !around.includes(verifier)) return false
  const isMadeForThis = frames.some(({ type, to }) => type.startsWith('CREATE') && to === verifier)
  const keeps = (tx.deltas.get(verifier)?.get(transfer.asset) ?? 0n) > 0n
  return !isMadeForThis && !keeps && namesAmount(verifier, transfer, frames)
}

/**
 * How many different signatures of an owner a contract itself verified before a frame. What it then does with that owner's is
 * theirs to allow as often as they signed: one signature that is used for several movements is one.
 */
export function signaturesOf(
  owner: Address,
  verifier: Address,
  { frames, before }: { frames: readonly Frame[]; before: number },
): number {
  const checks = frames.filter(
    (frame) =>
      frame.index < before &&
      !frame.reverted &&
      frames[frame.parent]?.context === verifier &&
      isVerified(frame, owner),
  )
  return new Set(checks.map(({ input }) => input)).size
}

/** The ecrecover precompile. */
const ECRECOVER = '0x0000000000000000000000000000000000000001'
/** isValidSignature(bytes32,bytes) of ERC-1271 and isValidSignature(bytes,bytes) before it: each answers its selector. */
const IS_VALID = ['0x1626ba7e', '0x20c13b0b'] as const

function isVerified({ to, input, output }: Frame, owner: Address): boolean {
  if (to === ECRECOVER) {
    const word = wordAt(output, 0)
    return input.length >= 258 && word !== undefined && addressFromWord(word) === owner
  }
  return (
    to === owner && IS_VALID.some((selector) => selectorOf(input) === selector && output.startsWith(selector))
  )
}

/** What is signed may be more than what moves, by a fee that is kept back: a quarter at most. */
const MOST_OVER = { times: 5n, of: 4n }
const MOST_WORDS = 256

/** True where a call into the verifier on the way to the movement names the amount (or the id) that moved. */
function namesAmount(
  verifier: Address,
  { frame, amount, tokenId }: TransferFact,
  frames: readonly Frame[],
): boolean {
  const moved = tokenId ?? amount
  for (let at = frames[frame]; at !== undefined; at = frames[at.parent]) {
    if (at.context !== verifier) continue
    for (let n = 0; n < MOST_WORDS; n++) {
      const word = wordAt(at.input, n, 10)
      if (word === undefined) break
      const named = BigInt(`0x${word}`)
      if (named === moved) return true
      if (tokenId === null && named > moved && named * MOST_OVER.of <= moved * MOST_OVER.times) return true
    }
  }
  return false
}

/** True where the spender was handed the very call that it made to the token: it lends its name to anybody. */
function isReadyMade({ asset, frame }: TransferFact, frames: readonly Frame[]): boolean {
  const asked = asset === NATIVE ? undefined : entryFrame(asset, frame, frames)
  const call = asked?.input.slice(2)
  if (asked === undefined || call === undefined || call.length < 8) return true
  for (let at = frames[asked.parent]; at !== undefined; at = frames[at.parent])
    if (at.input.includes(call)) return true
  return false
}

/** True where one signature of the owner stands for several movements of the same asset to takers. */
function takenOften(
  { from, asset }: TransferFact,
  { tx, actors }: Pick<ConsentOptions, 'tx' | 'actors'>,
): boolean {
  const taken = tx.facts.filter(
    (fact) => fact.kind === 'transfer' && fact.from === from && fact.asset === asset && actors.has(fact.to),
  )
  return taken.length > 1
}

/** True where the takers gave an asset of their own to somebody else, the coin left out: it is paid for anything. */
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
