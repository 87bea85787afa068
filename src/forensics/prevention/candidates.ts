import type { Asset } from '../../model/block.ts'
import type { ControlFact, TransactionFacts } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'

/** An aspect of an attack that a rule can bound, from the attack's own actions. */
export type Candidate =
  /** The amount of an asset that an account pays out in one transaction. */
  | { bounds: 'outflow'; from: Address; asset: Asset }
  /** The number of entries into a function of a contract in one transaction. */
  | { bounds: 'repeats'; contract: Address; selector: Hex }
  /** The callers of a function of a contract. */
  | { bounds: 'callers'; contract: Address; selector: Hex }
  /** The new holder of control over a contract. */
  | { bounds: 'control'; contract: Address; change: ControlFact['change'] }
  /** The range of a price or share value: the first word of the answer. */
  | { bounds: 'answers'; source: Address; selector: Hex }

export type CandidatesOptions = {
  transactions: readonly TransactionFacts[]
  attackers: ReadonlySet<Address>
  /** The likeliest vulnerable contract first. */
  victims: readonly Address[]
}

/** Maximum number of each kind: those of the likeliest victims come first. */
const MOST = 8

/** Everything that could be bounded, each once; trying them shows which helps. */
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
