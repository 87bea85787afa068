import type { Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { contextsAround } from '../../lib/entries.ts'
import { isCheck } from '../../lib/messages.ts'

const MOST_CALLS = 128

/**
 * A message whose execution writes into the contract from which the bridge had read its trusted keys before it checked
 * signatures: the calldata names that contract and carries the written value. Bookkeeping in the same contract (a mark
 * that the message is used) is not named by the message.
 */
export function keyStoreWrites(tx: TransactionFacts): Claim[] {
  const { frames } = tx.transaction
  const bridges = new Map<Address, number>()
  for (const frame of frames) {
    const context = isCheck(frame) ? (frames[frame.parent]?.context ?? null) : null
    if (context !== null && !bridges.has(context)) bridges.set(context, frame.index)
  }
  if (bridges.size === 0) return []
  // The bridge marks a message as used before it executes it: of several writes the last is the message's.
  const claims = new Map<string, Claim>()
  let looked = 0
  for (const write of frames) {
    const bridge = frames[write.parent]?.context
    const checked = bridge === null || bridge === undefined ? undefined : bridges.get(bridge)
    if (!bridge || checked === undefined || write.index < checked || write.type !== 'CALL' || write.reverted)
      continue
    if (write.to === null || write.to === bridge || write.input.length < 10 + 64) continue
    if (++looked > MOST_CALLS) break
    const entry = entryFrame(bridge, write.parent, frames)
    if (entry !== undefined && isOrdered(write, entry) && wasAsked(write.to, { bridge, entry, frames }))
      claims.set(bridge + write.to, claimOf(bridge, write.to, { entry, write, tx }))
  }
  return [...claims.values()]
}

/** The calldata of the call names the target and carries a word that is passed to it. */
function isOrdered(write: Frame, entry: Frame): boolean {
  if (write.to === null || !entry.input.includes(write.to.slice(2))) return false
  const target = write.to.slice(2)
  for (let at = 10; at + 64 <= write.input.length && at < 10 + 64 * 32; at += 64) {
    const word = write.input.slice(at, at + 64)
    const isLong = !word.startsWith('0000000000000000') && !word.includes(target)
    if (isLong && entry.input.includes(word.replace(/0+$/, ''))) return true
  }
  return false
}

type Asking = { bridge: Address; entry: Frame; frames: readonly Frame[] }

/**
 * An answer of one word that looks like a hash: what the signers signed, not who they are. Keys are addresses, with twelve
 * zero bytes, or longer.
 */
const isDigest = (output: string): boolean => output.length === 66 && !output.startsWith('0x00000000')

/** The bridge had called a view of it, which answered with keys, before a signature or proof was checked in the same call. */
function wasAsked(store: Address, { bridge, entry, frames }: Asking): boolean {
  let asked = false
  for (let i = entry.index + 1; i < entry.end; i++) {
    const frame = frames[i]
    if (frame === undefined || frames[frame.parent]?.context !== bridge) continue
    if (frame.type === 'STATICCALL' && frame.to === store && !isDigest(frame.output)) asked = true
    else if (asked && isCheck(frame)) return true
  }
  return false
}

type Written = { entry: Frame; write: Frame; tx: TransactionFacts }

function claimOf(bridge: Address, store: Address, { entry, write, tx }: Written): Claim {
  return {
    contract: bridge,
    victims: [store, ...paidOnItsWord(bridge, tx)],
    confidence: 0.88,
    categories: ['bridge-forgery', 'access-control'],
    statement: `A message made ${bridge} write into ${store}, which it asks whom to believe (frame ${write.index}): the call names that contract and carries what was written.`,
    frames: [entry.index, write.index],
  }
}

/** The accounts that paid in the same transaction on the bridge's authority: the value that the new keys control. */
function paidOnItsWord(bridge: Address, tx: TransactionFacts): Address[] {
  const payers = new Set<Address>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || payers.has(fact.from)) continue
    const around = contextsAround(fact.frame, tx.transaction.frames)
    if (around.includes(bridge)) for (const it of around.slice(0, around.indexOf(bridge))) payers.add(it)
    if (around.includes(bridge)) payers.add(fact.from)
  }
  return [...payers].filter((it) => tx.deltas.get(it)?.size !== undefined).slice(0, 8)
}
