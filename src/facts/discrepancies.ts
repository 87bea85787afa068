import type { Frame } from '../model/block.ts'
import { NATIVE } from '../model/block.ts'
import type { DiscrepancyFact, TransferFact } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'
import { SELECTORS } from './signatures.ts'

/** `answer` is kept unparsed: most reads repeat the previous one, and then no computation is needed. */
type BalanceRead = { answer: Hex; claimed: bigint; frame: number }
type SupplyRead = { supply: bigint; frame: number }

/** The answers of a transaction's tokens so far, compared with their logs. */
export type Answers = {
  /** By token and then by the question’s calldata, which names the account. */
  balances: Map<Address, Map<string, BalanceRead>> | null
  supplies: Map<Address, SupplyRead> | null
}

export const noAnswers = (): Answers => ({ balances: null, supplies: null })

/** Tokens that keep shares round to the share: a base unit or two is not a contradiction. */
const ROUNDING = 2n

/** Reads an answer of `balanceOf(account)`; returns its contradiction. */
export function balanceRead(frame: Frame, answers: Answers): DiscrepancyFact | undefined {
  const { to: asset, input, output: answer } = frame
  if (asset === null || answer.length < WORD || input.length !== QUESTION.length + 40) return undefined
  answers.balances ??= new Map()
  let accounts = answers.balances.get(asset)
  if (accounts === undefined) {
    accounts = new Map()
    answers.balances.set(asset, accounts)
  }
  const before = accounts.get(input)
  if (before === undefined) {
    accounts.set(input, { answer, claimed: 0n, frame: frame.index })
    return undefined
  }
  const found =
    before.claimed === 0n && before.answer === answer ? undefined : contradiction(before, asset, frame)
  before.answer = answer
  before.claimed = 0n
  before.frame = frame.index
  return found
}

/** 0x and a word. */
const WORD = 66
const QUESTION = `${SELECTORS['balanceOf(address)']}${'0'.repeat(24)}`

function contradiction(
  before: BalanceRead,
  asset: Address,
  { input, output, index }: Frame,
): DiscrepancyFact | undefined {
  const { claimed } = before
  const observed = firstWord(output) - firstWord(before.answer)
  const apart = observed - claimed
  if (apart <= ROUNDING && apart >= -ROUNDING) return undefined
  const frames = [before.frame, index]
  const account: Address = `0x${input.slice(QUESTION.length)}`
  return { kind: 'discrepancy', about: 'balance', asset, account, claimed, observed, frames, frame: index }
}

const firstWord = (answer: Hex): bigint => BigInt(answer.length === WORD ? answer : answer.slice(0, WORD))

/** Reads an answer of `totalSupply()`. */
export function supplyRead({ to, output, index }: Frame, answers: Answers): void {
  if (to === null || output.length < WORD) return
  answers.supplies ??= new Map()
  answers.supplies.set(to, { supply: firstWord(output), frame: index })
}

/** Reads a logged movement; returns a movement of more than the supply. */
export function transferClaimed(
  transfer: TransferFact,
  { balances, supplies }: Answers,
): DiscrepancyFact | undefined {
  const { asset, from, to, amount, standard } = transfer
  if (standard !== 'erc20' || asset === NATIVE) return undefined
  const accounts = balances?.get(asset)
  if (accounts !== undefined) {
    const sender = accounts.get(QUESTION + from.slice(2))
    if (sender !== undefined) sender.claimed -= amount
    const receiver = accounts.get(QUESTION + to.slice(2))
    if (receiver !== undefined) receiver.claimed += amount
  }
  const known = supplies?.get(asset)
  if (known === undefined) return undefined
  // Some tokens (Compound's) mint from their own address: the supply is then not known until it is read again.
  if (from === asset || to === asset) supplies?.delete(asset)
  return from === asset ? undefined : beyondSupply(transfer, asset, known)
}

function beyondSupply(
  { from, to, amount, frame }: TransferFact,
  asset: Address,
  known: SupplyRead,
): DiscrepancyFact | undefined {
  const observed = known.supply
  if (from === ZERO_ADDRESS) known.supply += amount
  else if (to === ZERO_ADDRESS && amount <= observed) known.supply -= amount
  if (from === ZERO_ADDRESS || amount <= observed) return undefined
  const frames = [known.frame, frame]
  return {
    kind: 'discrepancy',
    about: 'supply',
    asset,
    account: from,
    claimed: amount,
    observed,
    frames,
    frame,
  }
}
