import type { Asset } from '../../model/block.ts'
import type { ControlFact, TransactionFacts } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'

/** What of an attack can be bounded, by what the attack itself did. */
export type Candidate =
  /** How much of an asset an account pays out in one transaction. */
  | { bounds: 'outflow'; from: Address; asset: Asset }
  /** How often a function of a contract is entered in one transaction. */
  | { bounds: 'repeats'; contract: Address; selector: Hex }
  /** Who calls a function of a contract. */
  | { bounds: 'callers'; contract: Address; selector: Hex }
  /** To whom control over a contract goes. */
  | { bounds: 'control'; contract: Address; change: ControlFact['change'] }
  /** What a price or share value may be: the first word of the answer. */
  | { bounds: 'answers'; source: Address; selector: Hex }

export type CandidatesOptions = {
  transactions: readonly TransactionFacts[]
  attackers: ReadonlySet<Address>
  /** The likeliest vulnerable contract first. */
  victims: readonly Address[]
}

/** Of each kind, at most: those of the likeliest victims come first. */
const MOST = 8

/** Everything that could be bounded, each once; which of it helps is found by trying. */
export function candidatesOf({ transactions, attackers, victims }: CandidatesOptions): Candidate[] {
  const found = new Map<string, Candidate>()
  const counts = new Map<string, number>()
  const add = (candidate: Candidate): void => {
    const key = JSON.stringify(candidate)
    const count = counts.get(candidate.bounds) ?? 0
    if (found.has(key) || count >= MOST) return
    found.set(key, candidate)
    counts.set(candidate.bounds, count + 1)
  }
  const known = new Set(victims)
  const rank = (address: Address): number => (known.has(address) ? victims.indexOf(address) : victims.length)
  for (const candidate of transactions
    .flatMap((tx) => [...ofFacts(tx, { attackers, known }), ...ofCalls(tx, { attackers, known })])
    .sort((a, b) => rank(placeOf(a)) - rank(placeOf(b))))
    add(candidate)
  return [...found.values()]
}

/** The contract that a candidate is about. */
export function placeOf(candidate: Candidate): Address {
  switch (candidate.bounds) {
    case 'outflow':
      return candidate.from
    case 'answers':
      return candidate.source
    default:
      return candidate.contract
  }
}

type Sides = { attackers: ReadonlySet<Address>; known: ReadonlySet<Address> }

function ofFacts({ facts }: TransactionFacts, { attackers, known }: Sides): Candidate[] {
  return facts.flatMap((fact): Candidate[] => {
    if (fact.kind === 'transfer' && known.has(fact.from))
      return [{ bounds: 'outflow', from: fact.from, asset: fact.asset }]
    if (fact.kind === 'control' && !attackers.has(fact.contract))
      return [{ bounds: 'control', contract: fact.contract, change: fact.change }]
    if (fact.kind === 'valuation' && known.has(fact.reader ?? '0x') && !attackers.has(fact.source))
      return [{ bounds: 'answers', source: fact.source, selector: fact.selector }]
    return []
  })
}

/** Functions with effect that the attackers entered from outside, and those of victims that ran more than once. */
function ofCalls({ transaction: { frames } }: TransactionFacts, { attackers, known }: Sides): Candidate[] {
  const times = new Map<string, number>()
  const found: Candidate[] = []
  for (const { type, from, context, input, reverted } of frames) {
    const selector = selectorOf(input)
    if (type !== 'CALL' || reverted || context === null || selector === undefined) continue
    if (attackers.has(context)) continue
    const key = `${context} ${selector}`
    times.set(key, (times.get(key) ?? 0) + 1)
    if (times.get(key) === 2 && known.has(context))
      found.push({ bounds: 'repeats', contract: context, selector })
    if (from !== null && attackers.has(from)) found.push({ bounds: 'callers', contract: context, selector })
  }
  return found
}
