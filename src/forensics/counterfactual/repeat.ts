import { entryFrame, type Frame } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import { type Alteration, type Attack, nameOf, type Rule, suspicionOf } from './alteration.ts'
import { type Counts, countsOf, within } from './counts.ts'

type Seen = { first: Frame; lastEnd: number; times: number }

const MOST_REPEATS = 64
const SPEAKS = ['drain', 'option-abuse', 'signature-replay']
/**
 * Categories in which something was also taken from the attacker: a claim that was given up once and paid several
 * times.
 */
const SPEAKS_OF_CLAIMS = ['option-abuse', 'drain', 'signature-replay']

/**
 * The same bytes twice, one call after the other: a contract pays an attacker again, or honours an attacker's call
 * again. A call inside itself is not a repeat but a re-entry. On suspected contracts without repeats it is tried to
 * rule it out.
 */
export function repeatAlterations(attack: Attack): Alteration[] {
  const found = new Map<string, Alteration>()
  const add = (alteration: Alteration): void => {
    const key = `${alteration.at} ${alteration.contract} ${alteration.function ?? ''}`
    if (!found.has(key)) found.set(key, alteration)
  }
  for (const tx of attack.transactions)
    for (const { first } of repeatsIn(tx, attack)) {
      const { from, to } = first
      if (from === null || to === null) continue
      add(attack.attackers.has(from) ? honouredOnce(first, tx, attack) : paidOnce(first, tx, attack))
    }
  for (const contract of attack.suspected.slice(0, 2)) {
    const ruledOut = onceToRuleOut(contract, attack)
    if (ruledOut !== undefined && ![...found.values()].some((one) => one.contract === contract)) add(ruledOut)
  }
  return [...found.values()]
}

function repeatsIn(tx: TransactionFacts, { attackers, standing }: Attack): Seen[] {
  const { frames } = tx.transaction
  const paid = paidIn(tx, attackers)
  const seen = new Map<string, Seen>()
  for (const frame of frames) {
    const { type, from, to, input, reverted, index, end } = frame
    if (type !== 'CALL' || reverted || from === null || to === null || input.length < 10) continue
    if (!standing.has(to) || attackers.has(to)) continue
    const key = `${from} ${to} ${input}`
    const known = seen.get(key)
    // a repeated balance read, or a repeated reserves update, is not a repeated payment
    if (within(paid, frame) === 0) continue
    if (known === undefined) seen.set(key, { first: frame, lastEnd: end, times: 1 })
    else if (index >= known.lastEnd) {
      known.times++
      known.lastEnd = end
    }
  }
  return [...seen.values()].filter(({ times }) => times > 1).slice(0, MOST_REPEATS)
}

/** Transfers to attackers, by frame. */
function paidIn({ transaction, facts }: TransactionFacts, attackers: ReadonlySet<Address>): Counts {
  return countsOf(
    transaction.frames,
    facts,
    (fact) => fact.kind === 'transfer' && fact.amount > 0n && attackers.has(fact.to),
  )
}

function paidOnce(frame: Frame, { transaction, facts }: TransactionFacts, attack: Attack): Alteration {
  const contract = frame.from ?? '0x'
  const entry = entryFrame(contract, frame.parent, transaction.frames)
  const takes = facts.some(
    (fact) => fact.kind === 'transfer' && attack.attackers.has(fact.from) && isInside(fact.frame, entry),
  )
  return {
    kind: 'repeat-refused',
    contract,
    function: nameOf(selectorOf(entry?.input ?? '0x'), attack),
    transactionHash: transaction.hash,
    frame: frame.index,
    statement: `${contract} makes the same payment to the same account only once in a transaction`,
    speaksFor: takes ? SPEAKS_OF_CLAIMS : SPEAKS,
    at: frame.to ?? '0x',
    program: { kind: 'rules', rules: [once([contract], frame.input)] },
    rank: 5 + suspicionOf(contract, attack),
  }
}

function isInside(frame: number, around: Frame | undefined): boolean {
  return around !== undefined && frame >= around.index && frame < around.end
}

function honouredOnce(frame: Frame, { transaction }: TransactionFacts, attack: Attack): Alteration {
  const contract = frame.to ?? '0x'
  return {
    kind: 'repeat-refused',
    contract,
    function: nameOf(selectorOf(frame.input), attack),
    transactionHash: transaction.hash,
    frame: frame.index,
    statement: `${contract} honours the same call only once in a transaction`,
    speaksFor: SPEAKS,
    at: contract,
    program: { kind: 'rules', rules: [once([], frame.input)] },
    rank: 5 + suspicionOf(contract, attack),
  }
}

function onceToRuleOut(contract: Address, attack: Attack): Alteration | undefined {
  if (!attack.standing.has(contract)) return undefined
  for (const tx of attack.transactions) {
    const { transaction } = tx
    const paid = paidIn(tx, attack.attackers)
    // a refused second read or second sync() does not test repetition: only paying calls count
    const entries = transaction.frames.filter((frame) => {
      const { type, from, to, input } = frame
      const isCall = type === 'CALL' && to === contract && input.length >= 10
      return isCall && from !== null && attack.attackers.has(from) && within(paid, frame) > 0
    })
    const [frame] = entries
    if (frame === undefined) continue
    const selectors = new Set(entries.flatMap(({ input }) => selectorOf(input) ?? []))
    return {
      ...honouredOnce(frame, { transaction, facts: [], deltas: new Map() }, attack),
      statement: `${contract} honours the same call only once in a transaction (nothing was repeated)`,
      program: {
        kind: 'rules',
        rules: [...selectors].slice(0, 16).map((selector) => ({
          from: [],
          match: { kind: 'selector', selector },
          reply: { kind: 'once' },
        })),
      },
      rank: 1 + suspicionOf(contract, attack),
    }
  }
  return undefined
}

/** Applies to the whole function, not to these bytes alone: a repeat with other arguments is a repeat too. */
function once(from: readonly Address[], input: Hex): Rule {
  return { from, match: { kind: 'selector', selector: selectorOf(input) ?? '0x' }, reply: { kind: 'once' } }
}
