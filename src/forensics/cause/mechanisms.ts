import type { Address, Hex } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { OWN } from './crossings.ts'
import type { Culprit } from './culprits.ts'
import type { Evidence } from './evidence.ts'
import { type Mechanism, MOST_FRAMES, type Sign, type Suspicion } from './mechanism.ts'
import { pushedPrices } from './pushes.ts'
import { misusedRights } from './rights.ts'
import { searchWithin } from './search.ts'

/** Contracts that are examined for a mechanism. */
const SUSPECTS = 2

/**
 * The ways in which the likeliest culprits let value out, by what the trace shows of them, the surest first. The last resort is a
 * drain: value left, and nothing says why.
 */
export function mechanismsOf(evidence: readonly Evidence[], culprits: readonly Culprit[]): Mechanism[] {
  const suspects = culprits.slice(0, SUSPECTS)
  return suspects
    .flatMap(({ account, score, reasons }, index) => {
      // the second suspect counts as much as it is near the first
      const near = index === 0 ? 1 : score / (suspects[0]?.score ?? score)
      const found = evidence.flatMap((one) => {
        const transactionHash = one.acting.tx.transaction.hash
        return signsOf({ evidence: one, suspect: account }).map((sign) => ({ ...sign, transactionHash }))
      })
      const last = index > 0 ? [] : [drained(account, reasons[0])]
      return [...found, ...last].map((one) => ({ ...one, confidence: one.confidence * (0.5 + near / 2) }))
    })
    .sort((a, b) => b.confidence - a.confidence)
}

function signsOf(suspicion: Suspicion): Sign[] {
  return [
    ...reentered(suspicion),
    ...misusedRights(suspicion),
    ...pushedPrices(suspicion),
    ...trusted(suspicion),
    ...minted(suspicion),
    ...rewritten(suspicion),
    ...direct(suspicion),
    ...configured(suspicion),
  ]
}

function drained(contract: Address, reason: string | undefined): Mechanism {
  return {
    category: 'drain',
    contract,
    confidence: 0.4,
    statement: `${contract} let value out by its own rules${reason === undefined ? '' : `: ${reason}`}.`,
    frames: [],
    transactionHash: null,
  }
}

/** A part of the losses, or of what the side took, from which an account is involved. */
const INVOLVED = 0.02

function reentered({ evidence, suspect }: Suspicion): Sign[] {
  const own = evidence.reentries.filter(({ account }) => account === suspect)
  // a lender is called again to be repaid
  const isInvolved = (evidence.lost.get(suspect) ?? 0) + (evidence.taken.get(suspect) ?? 0) >= INVOLVED
  if (own.length === 0 || !isInvolved) return []
  return [
    {
      category: 'reentrancy',
      contract: suspect,
      confidence: 0.9,
      statement: `${suspect} gave control to the attacker in the middle of a call and was called again ${own.length} times before that call ended.`,
      frames: own.slice(0, MOST_FRAMES).flatMap(({ outer, inner }) => [outer, inner]),
    },
  ]
}

/** The suspect asked a contract of the attacker that it was pointed to, or took its token as payment. */
function trusted({ evidence, suspect }: Suspicion): Sign[] {
  const { tx, side, crossings } = evidence.acting
  const { frames } = tx.transaction
  // a pool that pays first asks the receiver for its payment
  if (tx.facts.some((fact) => fact.kind === 'swap' && fact.pool === suspect)) return []
  const contains = searchWithin()
  const asked = frames.filter(({ type, context, parent, input, reverted }) => {
    if (context === null || !side.has(context) || input.length < 10 || reverted || type.startsWith('CREATE'))
      return false
    const entered = frames[crossings[parent] ?? OWN]
    return entered?.context === suspect && contains(entered.input, context.slice(2))
  })
  const paid = evidence.movements.filter(
    ({ by, asset, amount }) => by === suspect && amount < 0n && side.has(asset as Address),
  )
  if (asked.length + paid.length === 0) return []
  return [
    {
      category: 'data-validation',
      contract: suspect,
      confidence: 0.55,
      statement: `${suspect} relied on a contract of the attacker that its caller had named.`,
      frames: [...asked.map(({ index }) => index), ...paid.map(({ frame }) => frame)].slice(0, MOST_FRAMES),
    },
  ]
}

/** Most of what the suspect gave was made for it. */
function minted({ evidence, suspect }: Suspicion): Sign[] {
  const own = evidence.movements.filter(({ by, amount }) => by === suspect && amount > 0n)
  const value = (of: typeof own): number =>
    of.reduce((sum, { asset, amount }) => sum + Number(amount) * (evidence.worth.get(asset) ?? 0), 0)
  const net = new Map<string, bigint>()
  for (const { by, asset, amount } of evidence.movements)
    if (by === suspect) net.set(asset, (net.get(asset) ?? 0n) + amount)
  const made = own.filter(({ other, asset }) => other === ZERO_ADDRESS && (net.get(asset) ?? 0n) > 0n)
  if (made.length === 0 || value(made) < value(own) / 2) return []
  return [
    {
      category: 'unbacked-mint',
      contract: suspect,
      confidence: 0.6,
      statement: `${suspect} had tokens made for the attacker that were worth more than what it was given.`,
      frames: made.slice(0, MOST_FRAMES).map(({ frame }) => frame),
    },
  ]
}

/** A token is suspected that changed balances of a pool. */
const REWRITTEN_PART = 0.3

function rewritten({ evidence, suspect }: Suspicion): Sign[] {
  const own = evidence.rewrites.filter(({ token, part }) => token === suspect && part >= REWRITTEN_PART)
  if (own.length === 0) return []
  return [
    {
      category: 'price-manipulation',
      contract: suspect,
      confidence: 0.55,
      statement: `${suspect} changed the balance of ${own[0]?.account} by its own code, and with it the price of a pool.`,
      frames: own.slice(0, MOST_FRAMES).map(({ frame }) => frame),
    },
  ]
}

/** The sender called the suspect itself, and nothing says that it paid for anything. */
function direct({ evidence, suspect }: Suspicion): Sign[] {
  const { transaction } = evidence.acting.tx
  if (transaction.to !== suspect || evidence.movements.some(({ amount }) => amount > 0n)) return []
  const isOverflow = hasHugeWord(transaction.input)
  const base = { contract: suspect, frames: [0] }
  if (isOverflow)
    return [
      {
        ...base,
        category: 'drain',
        confidence: 0.6,
        statement: `${suspect} was called with an amount beyond half of the number range: a sum that overflows is suspected.`,
      },
    ]
  return [
    {
      ...base,
      category: 'access-control',
      confidence: 0.5,
      statement: `One call of the sender changed only the state of ${suspect}: its rule about who may call is suspected first.`,
    },
  ]
}

/** The suspect was first made to change its state, and then paid without taking anything. */
function configured({ evidence, suspect }: Suspicion): Sign[] {
  const { tx, crossings } = evidence.acting
  const own = evidence.movements.filter(({ by, other }) => by === suspect || other === suspect)
  const payout = own.find(({ amount }) => amount > 0n)
  if (payout === undefined || own.some(({ amount }) => amount < 0n)) return []
  const moving = new Set(evidence.movements.map(({ crossing }) => crossing))
  const before = tx.transaction.frames.find(
    ({ index, type, context, input, output, reverted, end }) =>
      index < payout.frame &&
      crossings[index] === index &&
      context === suspect &&
      type === 'CALL' &&
      !reverted &&
      !moving.has(index) &&
      input.length > 10 &&
      (output.length <= 2 || end > index + 1),
  )
  if (before === undefined) return []
  return [
    {
      category: 'access-control',
      contract: suspect,
      confidence: 0.5,
      statement: `${suspect} changed its state at the attacker’s call, and then paid without taking anything.`,
      frames: [before.index, payout.frame],
    },
  ]
}

const MOST_WORDS = 64

/** A number in the upper half of the range that ends in one repeated digit, as a person writes it; the largest one means “all”. */
const HUGE = /^(?!f{64})[89a-f][0-9a-f]{31}(?:0{32}|f{32})$/

function hasHugeWord(input: Hex): boolean {
  for (let word = 0; word < MOST_WORDS; word++) {
    const digits = input.slice(10 + word * 64, 74 + word * 64)
    if (digits.length < 64) return false
    if (HUGE.test(digits)) return true
  }
  return false
}
