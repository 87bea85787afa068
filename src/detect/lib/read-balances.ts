import type { Asset, FrameLog } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFromWord, wordAt } from '../../model/hex.ts'

/** `balanceOf(address)` of EIP-20. */
export const BALANCE_OF: Hex = '0x70a08231'

type Read = { holder: Address; asset: Asset; balance: bigint; frame: number }

/**
 * Balances before the transaction, by holder and asset: the first `balanceOf` of each, minus the movements up to then.
 * One pass over frames and transfers.
 */
export function balancesRead(
  tx: TransactionFacts,
  isWanted: (holder: Address) => boolean,
): Map<Address, Map<Asset, bigint>> {
  const balances = new Map<Address, Map<Asset, bigint>>()
  const reads = firstReads(tx, isWanted)
  if (reads.length === 0) return balances
  const moved = new Map(reads.map(({ holder, asset }) => [`${holder}${asset}`, 0n]))
  const transfers = inOrder(tx)
  let next = 0
  for (const { holder, asset, balance, frame } of reads) {
    for (let at = transfers[next]; at !== undefined && at.before <= frame; at = transfers[++next]) {
      const { move } = at
      add(moved, `${move.from}${move.asset}`, -move.amount)
      add(moved, `${move.to}${move.asset}`, move.amount)
    }
    const before = balance - (moved.get(`${holder}${asset}`) ?? 0n)
    const known = balances.get(holder)
    if (known === undefined) balances.set(holder, new Map<Asset, bigint>([[asset, before]]))
    else known.set(asset, before)
  }
  return balances
}

/** A movement, and the first frame that was entered after it. */
type Placed = { move: TransferFact; before: number }

/**
 * Movements in their real order: a log follows the calls that its frame had made by then, as a market's burn follows
 * its queries.
 */
function inOrder({ facts, transaction: { frames } }: TransactionFacts): Placed[] {
  const children = new Map<number, number[]>()
  for (const { index, parent } of frames) {
    const known = children.get(parent)
    if (known === undefined) children.set(parent, [index])
    else known.push(index)
  }
  // facts of a frame are in the order of its logs: each log is read once
  const reached = new Map<number, number>()
  const placed: Placed[] = []
  for (const move of facts) {
    if (move.kind !== 'transfer' || move.tokenId !== null) continue
    const frame = frames[move.frame]
    const from = reached.get(move.frame) ?? 0
    const at = move.source === 'log' ? logOf(move, frame?.logs ?? [], from) : undefined
    if (at !== undefined) reached.set(move.frame, at + 1)
    const position = at === undefined ? undefined : frame?.logs[at]?.position
    const next = position === undefined ? undefined : children.get(move.frame)?.[position]
    const before = position === undefined || frame === undefined ? move.frame + 1 : (next ?? frame.end)
    placed.push({ move, before })
  }
  return placed.sort((a, b) => a.before - b.before)
}

/** Maximum logs between two that show movements: those further apart are placed by their frame. */
const MOST_LOOKED = 64

/** The index of the log in a frame that shows a movement, from a start index. */
function logOf(move: TransferFact, logs: readonly FrameLog[], from: number): number | undefined {
  for (let at = from; at < Math.min(logs.length, from + MOST_LOOKED); at++) {
    const log = logs[at]
    if (log !== undefined && tells(log, move)) return at
  }
  return undefined
}

function tells({ address, topics }: FrameLog, { asset, from, to }: TransferFact): boolean {
  const [, sender = '', recipient = ''] = topics
  return (
    address === asset &&
    (addressFromWord(sender.slice(2)) === from || addressFromWord(recipient.slice(2)) === to)
  )
}

function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  const known = sums.get(key)
  if (known !== undefined) sums.set(key, known + amount)
}

function firstReads(tx: TransactionFacts, isWanted: (holder: Address) => boolean): Read[] {
  const reads = new Map<string, Read>()
  for (const { type, to, input, output, index } of tx.transaction.frames) {
    if (type !== 'STATICCALL' || to === null || !input.startsWith(BALANCE_OF)) continue
    const holder = addressFromWord(wordAt(input, 0, 10) ?? '')
    const word = wordAt(output, 0)
    if (holder === undefined || word === undefined || !isWanted(holder)) continue
    const key = `${holder}${to}`
    if (!reads.has(key)) reads.set(key, { holder, asset: to, balance: BigInt(`0x${word}`), frame: index })
  }
  return [...reads.values()]
}
