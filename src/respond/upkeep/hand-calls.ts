import { callersOf, type Transaction } from '../../model/block.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { type Address, type Hash, type Hex, selectorOf } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { isKeyOf } from '../../reports/own-accounts.ts'

/** A successful call of a contract's function whose maker is to be named. */
export type HandCall = {
  target: Address
  data: Hex
  /** The caller, as the contract sees it; `sender` sent the transaction. */
  by: Address
  sender: Address | null
  /**
   * The accounts through which control came, the caller first and the sender last: a guardian’s Safe that makes an
   * AccessManager call.
   */
  through: readonly Address[]
  transactionHash: Hash
}

/** The effect of a call on a lever: the very pull, another call of the same function, or its undo. */
export type Doing = 'pull' | 'variant' | 'undo'

/** Calls of one block that are examined: people make a few. */
const MOST_CALLS = 64

/** True for a call that an account of the defenders made or had another contract make. */
export function isByOwn({ through }: Pick<HandCall, 'through'>, own: ReadonlyMap<Address, string>): boolean {
  return through.some((account) => {
    const what = own.get(account)
    return what !== undefined && isKeyOf(what)
  })
}

/** The successful calls in a block that `isAsked` selects. A contract's call of itself does not count. */
export function callsIn(
  { transactions }: Pick<BlockFacts, 'transactions'>,
  isAsked: (call: HandCall) => boolean,
): HandCall[] {
  const calls: HandCall[] = []
  for (const { transaction } of transactions) {
    if (transaction.succeeded === false) continue
    for (const call of entriesOf(transaction)) {
      if (!isAsked(call)) continue
      calls.push(call)
      if (calls.length >= MOST_CALLS) return calls
    }
  }
  return calls
}

/**
 * The frames in which control enters a contract with a function to run; the transaction itself where no frame is known.
 */
function entriesOf({ from, to, input, hash, frames }: Transaction): HandCall[] {
  if (frames.length === 0)
    return from === null || to === null || selectorOf(input) === undefined
      ? []
      : [{ target: to, data: input, by: from, sender: from, through: [from], transactionHash: hash }]
  return frames.flatMap((frame) => {
    const { type, reverted, parent, index } = frame
    const by = frames[parent]?.context ?? from
    if (type !== 'CALL' || reverted || frame.to === null || by === null || by === frame.to) return []
    if (selectorOf(frame.input) === undefined) return []
    const through = callersOf(index, { from, frames })
    return [{ target: frame.to, data: frame.input, by, sender: from, through, transactionHash: hash }]
  })
}

/** The effect of a call on a lever; undefined where they are unrelated. Bytes after the arguments change nothing. */
export function doingOf(
  { target, data }: Pick<HandCall, 'target' | 'data'>,
  lever: Pick<Lever, 'target' | 'calldata' | 'undo'>,
): Doing | undefined {
  if (target !== lever.target) return undefined
  if (data.startsWith(lever.calldata)) return 'pull'
  if (lever.undo !== null && data.startsWith(lever.undo.calldata)) return 'undo'
  return selectorOf(data) === selectorOf(lever.calldata) ? 'variant' : undefined
}
