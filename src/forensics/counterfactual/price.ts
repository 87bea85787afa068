import { entryFrame, type Frame } from '../../model/block.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import { type Alteration, type Attack, nameOf, suspicionOf } from './alteration.ts'

const MOST_INPUTS = 16
/** Characters: a longer question or answer is not a price. */
const MOST_INPUT = 2_000
const MOST_OUTPUT = 8_000
const WORD = 64

type Asked = {
  reader: Address
  source: Address
  frame: Frame
  transaction: Attack['transactions'][number]
  answers: Map<Hex, Set<Hex>>
  isValuation: boolean
}

/**
 * For each contract that asked another one: the answers from before the attack. Questions about the attacker or about
 * the asking contract itself are bookkeeping (a balance, an allowance, a debt) and not prices: holding them would break
 * honest calls too.
 */
export function priceAlterations(attack: Attack): Alteration[] {
  const pairs = new Map<string, Asked>()
  for (const tx of attack.transactions) {
    const valuations = new Set(tx.facts.flatMap((fact) => (fact.kind === 'valuation' ? [fact.frame] : [])))
    for (const frame of tx.transaction.frames) {
      const parties = askedOf(frame, attack)
      if (parties === undefined) continue
      const key = `${parties.reader}>${parties.source}`
      const known = pairs.get(key) ?? {
        ...parties,
        frame,
        transaction: tx,
        answers: new Map<Hex, Set<Hex>>(),
        isValuation: false,
      }
      pairs.set(key, known)
      const seen = known.answers.get(frame.input)
      if (seen !== undefined) seen.add(frame.output)
      else if (known.answers.size < MOST_INPUTS) known.answers.set(frame.input, new Set([frame.output]))
      if (valuations.has(frame.index)) known.isValuation = true
    }
  }
  return [...pairs.values()].map((asked) => held(asked, attack))
}

function held(
  { reader, source, frame, transaction, answers, isValuation }: Asked,
  attack: Attack,
): Alteration {
  const { frames, hash } = transaction.transaction
  const entry = entryFrame(reader, frame.parent, frames)
  const moved = [...answers.values()].some((seen) => seen.size > 1)
  return {
    kind: 'price-held',
    contract: reader,
    function: nameOf(selectorOf(entry?.input ?? '0x'), attack),
    transactionHash: hash,
    frame: frame.index,
    statement: `${reader} is told by ${source} what it would have been told before the attack`,
    speaksFor: ['price-manipulation', 'donation', 'valuation-jump'],
    at: source,
    program: {
      kind: 'held',
      reader,
      asked: [...answers].map(([input, seen]) => ({ input, answers: [...seen] })),
    },
    rank: 4 + suspicionOf(reader, attack) + (isValuation ? 2 : 0) + (moved ? 1 : 0),
  }
}

function askedOf(
  { type, from, to, input, output, reverted }: Frame,
  { attackers, standing }: Attack,
): { reader: Address; source: Address } | undefined {
  if (type !== 'STATICCALL' || reverted || from === null || to === null || from === to) return undefined
  if (attackers.has(from) || attackers.has(to) || !standing.has(to)) return undefined
  if (output.length < 2 + WORD || output.length > MOST_OUTPUT) return undefined
  if (input.length < 10 || input.length > MOST_INPUT || isAbout(input, from, attackers)) return undefined
  return { reader: from, source: to }
}

function isAbout(input: Hex, reader: Address, attackers: ReadonlySet<Address>): boolean {
  for (let at = 10; at + WORD <= input.length; at += WORD) {
    const word: Address = `0x${input.slice(at + 24, at + WORD)}`
    if (word === reader || attackers.has(word)) return true
  }
  return false
}
