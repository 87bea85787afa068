import type { TransactionFacts } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'
import type { Hypothesis } from '../model/investigation.ts'
import { chosenCalls } from './cause/chosen-calls.ts'
import { crossingsOf } from './cause/crossings.ts'
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

/**
 * The suspicion if neither a rule nor a movement of value points anywhere: the contract that the attackers entered most,
 * with effect, that is not a token. If it made a call that they wrote, that is suspected first, otherwise its logic.
 * Empty if they called nothing.
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
  const chosen = chosenBy(contract, { transactions, attackers })
  const category = chosen ? 'arbitrary-call' : 'drain'
  const named = transactions
    .map(({ transaction }) =>
      functionIn(
        contract,
        frames.filter((frame) => transaction.frames[frame.index] === frame),
        { frames: transaction.frames, functions },
      ),
    )
    .find((name) => name !== null)
  const what = chosen
    ? 'and made a call whose target and data the attacker had written'
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

/** Whether it made a call whose target and data an attacker wrote. */
function chosenBy(
  contract: Address,
  { transactions, attackers }: Pick<SuspicionOptions, 'transactions' | 'attackers'>,
): boolean {
  return transactions.some(({ transaction: { frames } }) => {
    const isChosen = chosenCalls(frames, crossingsOf(frames, attackers))
    return frames.some(
      (frame) => frames[frame.parent]?.context === contract && frame.context !== contract && isChosen(frame),
    )
  })
}
