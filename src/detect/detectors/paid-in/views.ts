import { NATIVE } from '../../../model/block.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { addressFromWord, wordAt } from '../../../model/hex.ts'
import type { StateCall, StateRead } from '../../../model/state-read.ts'
import { coveredOf, type Taken } from '../../lib/question.ts'
import { BALANCE_OF } from '../../lib/read-balances.ts'
import { type Answers, answersOf } from '../../lib/view-call.ts'
import type { OpenQuestion } from './judge.ts'
import { isOwn, lowered, type Weighed, withExcess } from './weigh.ts'

const TOTAL_SUPPLY: Hex = '0x18160ddd'
/** asset() and maxWithdraw(address) of EIP-4626 */
const ASSET: Hex = '0x38d52e0f'
const MAX_WITHDRAW: Hex = '0xce96cb77'
/** Balance views of contracts that hold one asset: account → base units of it. */
const BOOKS: readonly Hex[] = [
  BALANCE_OF,
  '0x27e235e3', // balances(address)
  '0xfc7e286d', // deposits(address)
  '0x23e3fbd5', // depositOf(address)
  '0xcb13cddb', // deposited(address)
  '0xe1254fba', // getDeposit(address)
  '0x16934fc4', // stakes(address)
  '0x98807d84', // staked(address)
  '0x42623360', // stakeOf(address)
  '0x60217267', // stakedBalance(address)
  '0x3af9e669', // balanceOfUnderlying(address)
]
/** getEthBalance(address) of Multicall3 */
const MULTICALL: Address = '0xca11bde05977b3631167028862be2a173976ca11'
const GET_ETH_BALANCE: Hex = '0x4d2301cc'
const MOST_OWNERS = 6

/**
 * The questions to the protected contracts, on the state before the block, about an open question. No other contract is
 * queried.
 */
export function viewsFor({ taken }: OpenQuestion): StateCall[] {
  const calls = taken.flatMap(({ taken: one }) => {
    const { contract } = one
    const ofOwners = ownersOf(one).flatMap((owner) =>
      [...BOOKS, MAX_WITHDRAW].map((selector) => ({ to: contract, data: withAccount(selector, owner) })),
    )
    return [
      { to: contract, data: TOTAL_SUPPLY },
      { to: contract, data: ASSET },
      balanceCall(one),
      ...ofOwners,
    ]
  })
  return [...new Map(calls.map((call) => [`${call.to}:${call.data}`, call])).values()]
}

/** The finding, adjusted to the contracts' answers. */
export function answered(finding: Finding, question: OpenQuestion, reads: readonly StateRead[]): Finding {
  const answers = answersOf(reads)
  const isSingle = question.taken.length === 1
  const taken = question.taken.map((weighed): Weighed => {
    const balance = numberIn(answers, balanceCall(weighed.taken)) ?? weighed.balance
    const claims = claimsIn(weighed.taken, answers, { balance, isSingle })
    const covered = coveredOf(weighed.taken, claims, question.sender)
    return { ...weighed, balance, covered }
  })
  const { original, first } = question
  if (isOwn(taken)) return lowered(original, taken, { first, source: 'the contract itself says' })
  const answer = withExcess(original, taken)
  return { ...finding, evidence: answer.evidence }
}

type Book = { balance: bigint | null; isSingle: boolean }

/** The amount that each owner may withdraw by the contract's answer; at most its deposits if all are known. */
function claimsIn(taken: Taken, answers: Answers, book: Book): Map<Address, bigint> {
  const claims = new Map<Address, bigint>()
  for (const owner of ownersOf(taken)) {
    const paid = taken.paidIn.get(owner) ?? 0n
    const view = viewOf(taken, owner, { answers, ...book }) ?? 0n
    if (view <= paid) claims.set(owner, paid)
    else claims.set(owner, taken.isWhole.has(owner) ? paid : view)
  }
  return claims
}

/**
 * Shares of a vault have the value that the vault reports, else their part of its holdings; a plain balance is in the
 * asset.
 */
function viewOf(
  { contract, asset }: Taken,
  owner: Address,
  { answers, balance, isSingle }: Book & { answers: Answers },
): bigint | undefined {
  const read = (selector: Hex): bigint | undefined =>
    numberIn(answers, { to: contract, data: withAccount(selector, owner) })
  const supply = numberIn(answers, { to: contract, data: TOTAL_SUPPLY })
  if (supply === undefined) {
    const books = isSingle ? BOOKS.flatMap((selector) => read(selector) ?? []) : []
    return books.reduce<bigint | undefined>(
      (most, one) => (most === undefined || one > most ? one : most),
      undefined,
    )
  }
  const underlying = addressFromWord(wordAt(answers.get(`${contract}:${ASSET}`) ?? '0x', 0) ?? '')
  if (underlying === asset) return read(MAX_WITHDRAW)
  const shares = read(BALANCE_OF)
  if (shares === undefined || balance === null || supply === 0n) return undefined
  return (shares * balance) / supply
}

function ownersOf({ paidIn }: Taken): Address[] {
  return [...paidIn.keys()].slice(0, MOST_OWNERS)
}

function balanceCall({ contract, asset }: Taken): StateCall {
  return asset === NATIVE
    ? { to: MULTICALL, data: withAccount(GET_ETH_BALANCE, contract) }
    : { to: asset, data: withAccount(BALANCE_OF, contract) }
}

function withAccount(selector: Hex, account: Address): Hex {
  return `${selector}${account.slice(2).padStart(64, '0')}`
}

function numberIn(answers: Answers, { to, data }: StateCall): bigint | undefined {
  const word = wordAt(answers.get(`${to}:${data}`) ?? '0x', 0)
  return word === undefined ? undefined : BigInt(`0x${word}`)
}
