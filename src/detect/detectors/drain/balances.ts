import type { Asset } from '../../../model/block.ts'
import { NATIVE } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { type Address, type Hex, wordAt } from '../../../model/hex.ts'
import type { StateCall, StateRead } from '../../../model/state-read.ts'
import { BALANCE_OF } from '../../lib/read-balances.ts'
import { type Book, bookOf, keyOf, type Ledger } from './books.ts'

/** `getEthBalance(address)` of Multicall3; a chain without it does not answer, and the coin's balance stays unknown. */
const GET_ETH_BALANCE = '0x4d2301cc'
const MULTICALL: Address = '0xca11bde05977b3631167028862be2a173976ca11'

/** Blocks after which a balance is requested again: tokens that rebase change it without a transfer. */
const STALE = 300
/** Balances requested after one block. */
const MOST = 100

/**
 * The balances of protected contracts that are unknown, or were last read long ago: in assets that they dealt in, and
 * in the chain's coin, so that the very first deal can be compared with it.
 */
export function balancesWanted({ books, blocks }: Ledger, scope: Scope): StateCall[] {
  if (scope.kind === 'everything') return []
  const wanted: StateCall[] = []
  for (const [key, book] of books) {
    if (wanted.length >= MOST) break
    const { contract, asset } = partsOf(key)
    if (scope.addresses.has(contract) && isStale(book, blocks)) wanted.push(balanceCall(contract, asset))
  }
  for (const contract of scope.addresses)
    if (wanted.length < MOST && !books.has(keyOf(contract, NATIVE)))
      wanted.push(balanceCall(contract, NATIVE))
  return wanted
}

/** Takes the answers: they are balances after the block, so call this when its transactions have been judged. */
export function takeBalances({ books, blocks }: Ledger, scope: Scope, reads: readonly StateRead[]): void {
  if (scope.kind === 'everything') return
  const answers = new Map(reads.map(({ to, data, answer }) => [`${to}:${data}`, answer]))
  const answerFor = (contract: Address, asset: Asset): Hex | null | undefined => {
    const { to, data } = balanceCall(contract, asset)
    return answers.get(`${to}:${data}`)
  }
  for (const contract of scope.addresses)
    if (answerFor(contract, NATIVE) !== undefined) bookOf(books, contract, NATIVE)
  for (const key of books.keys()) {
    const { contract, asset } = partsOf(key)
    const answer = answerFor(contract, asset)
    if (answer === undefined) continue
    const book = bookOf(books, contract, asset)
    // A contract that gave no answer is not asked at every block.
    book.readAt = blocks
    const word = wordAt(answer ?? '0x', 0)
    if (word !== undefined) book.balance = BigInt(`0x${word}`)
  }
}

function isStale({ balance, readAt }: Book, blocks: number): boolean {
  return readAt === null ? balance === null : blocks - readAt >= STALE
}

/** The call that asks for a contract's balance of an asset. */
export function balanceCall(contract: Address, asset: Asset): StateCall {
  const holder = contract.slice(2).padStart(64, '0')
  return asset === NATIVE
    ? { to: MULTICALL, data: `${GET_ETH_BALANCE}${holder}` }
    : { to: asset, data: `${BALANCE_OF}${holder}` }
}

function partsOf(key: string): { contract: Address; asset: Asset } {
  const [contract = '', asset = ''] = key.split(':')
  return { contract: contract as Address, asset: asset as Asset }
}
