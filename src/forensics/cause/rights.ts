import type { Address } from '../../model/hex.ts'
import { MOST_FRAMES, type Sign, type Suspicion } from './mechanism.ts'
import type { Spending } from './spendings.ts'

/** Movements of strangers’ tokens below this part of what the side took are incidental. */
const NOTABLE_PART = 0.2

/** Somebody else’s rights were used: a call that the side wrote, an allowance, or a token that moves for anybody. */
export function misusedRights({ evidence, suspect }: Suspicion): Sign[] {
  const { spendings, consents, acting } = evidence
  const lent = acting.tx.transaction.frames.filter(
    ({ type, context, to }) =>
      (type === 'DELEGATECALL' || type === 'CALLCODE') &&
      context === suspect &&
      to !== null &&
      acting.side.has(to),
  )
  if (lent.length > 0)
    return [
      {
        category: 'arbitrary-call',
        contract: suspect,
        confidence: 0.9,
        statement: `${suspect} ran code of the attacker as its own.`,
        frames: lent.slice(0, MOST_FRAMES).map(({ index }) => index),
      },
    ]
  const given = consents.filter(({ owner }) => owner === suspect)
  const spent = spendings.filter(({ owner }) => isLoser(owner, evidence.lost))
  const own = spent.filter(({ spender }) => spender === suspect)
  const open = spent.filter(({ spender, asset }) => spender === null && asset === suspect)
  const chosen = [...given, ...own].filter(({ isChosen }) => isChosen)
  const framesOf = (of: readonly { frame: number }[]): number[] =>
    of.slice(0, MOST_FRAMES).map(({ frame }) => frame)
  if (chosen.length > 0)
    return [
      {
        category: 'arbitrary-call',
        contract: suspect,
        confidence: 0.85,
        statement: `${suspect} made a call whose target and data the attacker had written, with rights that others had given it.`,
        frames: framesOf(chosen),
      },
    ]
  const mechanisms: Sign[] = []
  if (given.length > 0)
    mechanisms.push({
      category: 'access-control',
      contract: suspect,
      confidence: 0.6,
      statement: `${suspect} let the attacker spend its tokens.`,
      frames: framesOf(given),
    })
  if (partOf(own, evidence.lost) >= NOTABLE_PART)
    mechanisms.push({
      category: 'approval-abuse',
      contract: suspect,
      confidence: 0.75,
      statement: `${suspect} moved tokens of ${ownersIn(own)} accounts that had approved it and took no part.`,
      frames: framesOf(own),
    })
  if (partOf(open, evidence.lost) >= NOTABLE_PART)
    mechanisms.push({
      category: 'access-control',
      contract: suspect,
      confidence: 0.6,
      statement: `${suspect} moved tokens of others at the attacker’s request.`,
      frames: framesOf(open),
    })
  return mechanisms
}

const isLoser = (owner: Address, lost: ReadonlyMap<Address, number>): boolean => lost.has(owner)

const ownersIn = (spendings: readonly Spending[]): number => new Set(spendings.map(({ owner }) => owner)).size

/** The part of all losses that the owners bear. */
function partOf(spendings: readonly Spending[], lost: ReadonlyMap<Address, number>): number {
  let part = 0
  for (const owner of new Set(spendings.map((one) => one.owner))) part += lost.get(owner) ?? 0
  return part
}
