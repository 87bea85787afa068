import type { TransactionFacts } from '../model/fact.ts'
import { type Address, addressFromWord, type Hex, wordAt } from '../model/hex.ts'
import type { Hypothesis } from '../model/investigation.ts'
import { functionIn } from './named-function.ts'
import { entriesOf } from './victims.ts'
import { weaknessOf } from './weakness.ts'

export type SuspicionOptions = {
  transactions: readonly TransactionFacts[]
  attackers: ReadonlySet<Address>
  functions: ReadonlyMap<Hex, string>
}

/** No rule supports it. */
const CONFIDENCE = 0.15
const MOST_WORDS = 256

/**
 * The suspicion if no rule reports anything: the contract that the attackers entered most, with effect, that is not a
 * token. If they passed it addresses of others inside its arguments, its trust in them is suspected first, otherwise
 * its logic. Empty if they called nothing.
 */
export function suspicion({ transactions, attackers, functions }: SuspicionOptions): Hypothesis[] {
  const tokens = new Set(
    transactions.flatMap(({ facts }) =>
      facts.flatMap((fact) => (fact.kind === 'transfer' ? [fact.asset] : [])),
    ),
  )
  const counts = new Map<Address, number>()
  for (const { context } of entriesOf(transactions, attackers))
    if (!tokens.has(context)) counts.set(context, (counts.get(context) ?? 0) + 1)
  const [most] = [...counts].sort((a, b) => b[1] - a[1])
  if (most === undefined) return []
  const [contract, times] = most
  const frames = transactions.flatMap(({ transaction }) =>
    transaction.frames.filter(
      ({ type, from, context }) =>
        type === 'CALL' && context === contract && from !== null && attackers.has(from),
    ),
  )
  const others = new Set(frames.flatMap(({ input }) => addressesIn(input)).filter((it) => !attackers.has(it)))
  const category = others.size > 0 ? 'arbitrary-call' : 'drain'
  const named = transactions
    .map(({ transaction }) =>
      functionIn(
        contract,
        frames.filter((frame) => transaction.frames[frame.index] === frame),
        { frames: transaction.frames, functions },
      ),
    )
    .find((name) => name !== null)
  const what =
    others.size > 0
      ? `handed ${others.size} addresses of others in its arguments`
      : 'and what it did then is not explained'
  return [
    {
      category,
      contract,
      function: named ?? null,
      statement: `No rule speaks. ${contract} was called ${times} times by the attacker with effect, ${what}: a suspicion, no more.`,
      confidence: CONFIDENCE,
      weakness: weaknessOf(category),
      evidence: frames.slice(0, 10).map(({ index, from, input }) => ({
        statement: `${from ?? 'somebody'} calls ${contract} with ${(input.length - 2) / 2} bytes`,
        frames: [index],
        amounts: [],
        transactionHash: null,
      })),
    },
  ]
}

/** Words that look like addresses: the high twelve bytes are zero and the rest is not a small number. */
function addressesIn(input: Hex): Address[] {
  const found: Address[] = []
  // arguments may be inside `bytes`, after a selector of their own: both alignments are tried
  for (const skip of [10, 18]) {
    for (let n = 0; n < MOST_WORDS; n++) {
      const word = wordAt(input, n, skip)
      if (word === undefined) break
      const address = addressFromWord(word)
      if (address !== undefined && /^0x[0-9a-f]{8}/.test(address) && !address.startsWith('0x00000000'))
        found.push(address)
    }
  }
  return found
}
