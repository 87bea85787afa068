import type { Frame } from '../model/block.ts'
import type { DiscrepancyFact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { addressFromWord, wordAt, ZERO_ADDRESS } from '../model/hex.ts'

type BalanceRead = { balance: bigint; claimed: bigint; frame: number }
type SupplyRead = { supply: bigint; frame: number }

/** What a transaction's tokens have answered so far, held against what they log. */
export type Answers = {
  balances: Map<string, BalanceRead>
  supplies: Map<Address, SupplyRead>
  /** Tokens that were asked for anything: others cost one look-up a transfer. */
  asked: Set<Address>
}

export const noAnswers = (): Answers => ({ balances: new Map(), supplies: new Map(), asked: new Set() })

/** Tokens that keep shares round to the share: a base unit or two is no contradiction. */
const ROUNDING = 2n

/** Takes an answer of `balanceOf(account)`; answers what it contradicts. */
export function balanceRead(frame: Frame, answers: Answers): DiscrepancyFact | undefined {
  const asset = askedToken(frame)
  const [argument, answer] = [wordAt(frame.input, 0, 10), wordAt(frame.output, 0)]
  const account = argument === undefined ? undefined : addressFromWord(argument)
  if (asset === undefined || account === undefined || answer === undefined) return undefined
  answers.asked.add(asset)
  const key = asset + account
  const before = answers.balances.get(key)
  const balance = BigInt(`0x${answer}`)
  answers.balances.set(key, { balance, claimed: 0n, frame: frame.index })
  if (before === undefined) return undefined
  const observed = balance - before.balance
  const apart = observed - before.claimed
  if (apart <= ROUNDING && apart >= -ROUNDING) return undefined
  return {
    kind: 'discrepancy',
    about: 'balance',
    asset,
    account,
    claimed: before.claimed,
    observed,
    frames: [before.frame, frame.index],
    frame: frame.index,
  }
}

/** Takes an answer of `totalSupply()`. */
export function supplyRead(frame: Frame, answers: Answers): void {
  const asset = askedToken(frame)
  const answer = wordAt(frame.output, 0)
  if (asset === undefined || answer === undefined) return
  answers.asked.add(asset)
  answers.supplies.set(asset, { supply: BigInt(`0x${answer}`), frame: frame.index })
}

function askedToken({ type, to }: Frame): Address | undefined {
  return (type === 'STATICCALL' || type === 'CALL') && to !== null ? to : undefined
}

/** Takes a logged movement; answers a movement of more than there is. */
export function transferClaimed(
  { asset, from, to, amount, standard, frame }: TransferFact,
  answers: Answers,
): DiscrepancyFact | undefined {
  if (standard !== 'erc20' || asset === 'native' || !answers.asked.has(asset)) return undefined
  const sender = answers.balances.get(asset + from)
  if (sender !== undefined) sender.claimed -= amount
  const receiver = answers.balances.get(asset + to)
  if (receiver !== undefined) receiver.claimed += amount
  const known = answers.supplies.get(asset)
  if (known === undefined) return undefined
  if (from === ZERO_ADDRESS) known.supply += amount
  else if (amount > known.supply) {
    const frames = [known.frame, frame]
    const observed = known.supply
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
  } else if (to === ZERO_ADDRESS) known.supply -= amount
  return undefined
}
