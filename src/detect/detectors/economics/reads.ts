import type { Ledger } from '../../../facts/ledger.ts'
import type { Frame } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { addressFromWord, wordAt } from '../../../model/hex.ts'
import { BALANCE_OF } from '../../lib/read-balances.ts'

/** `totalSupply()` of EIP-20 and `getReserves()` of Uniswap v2. */
const TOTAL_SUPPLY = '0x18160ddd'
const GET_RESERVES = '0x0902f1ac'

/** A token's answers about one account, in order. */
type Series = { first: bigint; last: bigint; claimed: bigint }

/** Knowledge from the answers of a transaction that its transfers do not give. Base units. */
export type Answers = {
  /** account → asset → balance before the transaction */
  before: ReadonlyMap<Address, ReadonlyMap<Address, bigint>>
  /** asset → supply before the transaction */
  supply: ReadonlyMap<Address, bigint>
  /** Changes of balances that no transfer explains: silent burns, taxes, rebases, hidden mints. `of` is the larger balance. */
  unexplained: readonly { account: Address; asset: Address; amount: bigint; of: bigint }[]
  /** pool → its reserves by its own answers: the first and the last */
  reserves: ReadonlyMap<Address, { first: readonly [bigint, bigint]; last: readonly [bigint, bigint] }>
}

/**
 * Compares every `balanceOf` answer with what the transfers between two answers explain; keeps the first answers as the state
 * before. One pass over frames and transfers.
 */
export function answersOf(tx: TransactionFacts): Answers {
  const { frames } = tx.transaction
  const series = new Map<string, Series>()
  const moved = new Map<string, bigint>()
  const before = new Map<Address, Map<Address, bigint>>()
  const supply = new Map<Address, bigint>()
  const unexplained: Answers['unexplained'][number][] = []
  const reserves = new Map<Address, { first: readonly [bigint, bigint]; last: readonly [bigint, bigint] }>()
  const transfers = tx.facts.filter((fact) => fact.kind === 'transfer' && fact.tokenId === null)
  let next = 0
  const note = (key: string, amount: bigint): void => {
    moved.set(key, (moved.get(key) ?? 0n) + amount)
    const known = series.get(key)
    if (known !== undefined) known.claimed += amount
  }
  const takeUpTo = (index: number): void => {
    for (let fact = transfers[next]; fact !== undefined && fact.frame < index; fact = transfers[++next]) {
      if (fact.kind !== 'transfer') continue
      note(`${fact.asset}${fact.from}`, -fact.amount)
      note(`${fact.asset}${fact.to}`, fact.amount)
    }
  }
  for (const frame of frames) {
    if (frame.to === null || frame.reverted || frame.output.length < 66) continue
    if (frame.input.startsWith(GET_RESERVES)) noteReserves(frame, frame.to, reserves)
    else if (frame.input.startsWith(TOTAL_SUPPLY)) {
      if (!supply.has(frame.to)) supply.set(frame.to, BigInt(frame.output.slice(0, 66)))
    } else if (frame.input.startsWith(BALANCE_OF)) {
      const account = addressFromWord(wordAt(frame.input, 0, 10) ?? '')
      if (account === undefined) continue
      takeUpTo(frame.index)
      const key = `${frame.to}${account}`
      const balance = BigInt(frame.output.slice(0, 66))
      const known = series.get(key)
      if (known === undefined) {
        series.set(key, { first: balance, last: balance, claimed: 0n })
        const of = before.get(account) ?? new Map<Address, bigint>()
        const start = balance - (moved.get(key) ?? 0n)
        before.set(account, of.set(frame.to, start > 0n ? start : 0n))
        continue
      }
      const apart = balance - known.last - known.claimed
      if (apart > 2n || apart < -2n)
        unexplained.push({
          account,
          asset: frame.to,
          amount: apart,
          of: balance > known.last ? balance : known.last,
        })
      known.last = balance
      known.claimed = 0n
    }
  }
  return { before, supply, unexplained, reserves }
}

function noteReserves(
  { output }: Frame,
  pool: Address,
  reserves: Map<Address, { first: readonly [bigint, bigint]; last: readonly [bigint, bigint] }>,
): void {
  const [a, b] = [wordAt(output, 0), wordAt(output, 1)]
  if (a === undefined || b === undefined) return
  const answer = [BigInt(`0x${a}`), BigInt(`0x${b}`)] as const
  const known = reserves.get(pool)
  reserves.set(pool, { first: known?.first ?? answer, last: answer })
}

/** The balance of an account before the transaction where an answer shows it; of the coin, that of its wrapped form. */
export function balanceBefore(
  account: Address,
  asset: string,
  { wrappers }: Pick<Ledger, 'wrappers'>,
  before: Answers['before'],
): bigint | undefined {
  const known = before.get(account)
  if (known === undefined) return undefined
  if (asset !== 'native') return known.get(asset as Address)
  for (const wrapper of wrappers) {
    const had = known.get(wrapper as Address)
    if (had !== undefined) return had
  }
  return undefined
}

/**
 * Accounts that pay out all they have of one asset, by a call of their own and in one movement, and do nothing else: deposit
 * addresses and wallets that their owner empties. What a thief takes from a vault, a pool or an allowance does not look so
 * tidy.
 */
export function emptiedWallets(
  { transaction: { frames } }: TransactionFacts,
  ledger: Ledger,
  before: Answers['before'],
): ReadonlySet<Address> {
  const moves = new Map<Address, { count: number; own: boolean }>()
  for (const { from, to, frame } of ledger.transfers) {
    const known = moves.get(from)
    moves.set(from, { count: (known?.count ?? 0) + 1, own: frames[frame]?.from === from })
    const taken = moves.get(to)
    if (taken !== undefined || ledger.net.has(to))
      moves.set(to, { count: (taken?.count ?? 0) + 1, own: false })
  }
  const emptied = new Set<Address>()
  for (const [account, { count, own }] of moves) {
    const [change, second] = [...(ledger.net.get(account) ?? [])]
    if (count !== 1 || !own || change === undefined || second !== undefined) continue
    const [asset, amount] = change
    if (amount < 0n && balanceBefore(account, asset, ledger, before) === -amount) emptied.add(account)
  }
  return emptied
}
