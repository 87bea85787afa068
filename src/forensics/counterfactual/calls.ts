import type { Frame } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import { type Alteration, type Attack, nameOf, type Program, type Reply, suspicionOf } from './alteration.ts'
import { type Counts, countsOf, within } from './counts.ts'

type Counted = { moved: Counts; approved: Counts; control: Counts }

/**
 * The attackers' own calls, one function at a time. A call that moves nothing and changes something is undone: if the
 * profit disappears with it, it may be a call that only an owner should be able to make. A call that moves value is
 * refused: a lost profit then only shows that the step was needed (the capital, the way in, the way out).
 */
export function callAlterations(attack: Attack): Alteration[] {
  const found = new Map<string, Alteration>()
  for (const tx of attack.transactions) {
    const { frames } = tx.transaction
    const tokens = new Set<string>(tx.facts.flatMap((fact) => (fact.kind === 'transfer' ? [fact.asset] : [])))
    const counted: Counted = {
      moved: countsOf(frames, tx.facts, ({ kind }) => kind === 'transfer'),
      approved: countsOf(frames, tx.facts, ({ kind }) => kind === 'approval'),
      control: countsOf(frames, tx.facts, ({ kind }) => kind === 'control'),
    }
    for (const frame of frames) {
      if (!isStep(frame, attack)) continue
      const key = `${frame.to ?? ''} ${selectorOf(frame.input) ?? ''}`
      if (found.has(key)) continue
      const moves = within(counted.moved, frame) > 0 || frame.value > 0n
      if (moves && !tokens.has(frame.to ?? '')) found.set(key, refused(frame, tx, attack))
      if (!moves && within(counted.approved, frame) === 0)
        found.set(key, undone(frame, tx, { attack, control: within(counted.control, frame) > 0 }))
    }
  }
  return [...found.values()]
}

function isStep({ type, from, to, input, reverted }: Frame, { attackers, standing }: Attack): boolean {
  if (type !== 'CALL' || reverted || from === null || to === null) return false
  return attackers.has(from) && !attackers.has(to) && standing.has(to) && input.length >= 10
}

function undone(
  frame: Frame,
  { transaction }: TransactionFacts,
  { attack, control }: { attack: Attack; control: boolean },
): Alteration {
  const contract: Address = frame.to ?? '0x'
  const selector = selectorOf(frame.input) ?? '0x'
  const isOrdinary = attack.ordinary.has(`${contract}:${selector}`)
  const takesOver = control || attack.namesAttacker.has(contract)
  return {
    kind: 'change-undone',
    contract,
    function: nameOf(selector, attack),
    transactionHash: transaction.hash,
    frame: frame.index,
    statement: `${nameOf(selector, attack)} of ${contract}, which moved nothing${takesOver ? ' and put the attacker in charge' : ''}, has no effect for the attacker`,
    speaksFor: causesOf({ takesOver, isOrdinary, isUsed: attack.used.has(contract) }),
    at: contract,
    program: toAttackers(attack, { selector, reply: { kind: 'answer', output: frame.output } }),
    rank: (takesOver ? 8 : 3) + suspicionOf(contract, attack) - (isOrdinary ? 2 : 0),
  }
}

type Change = { takesOver: boolean; isOrdinary: boolean; isUsed: boolean }

/**
 * A change that put the attacker in charge, or one in a function that ordinary transactions never call although they
 * use the contract. Any other change may have been legitimate.
 */
function causesOf({ takesOver, isOrdinary, isUsed }: Change): string[] {
  if (isOrdinary) return []
  if (takesOver) return ['access-control', 'governance', 'key-compromise']
  return isUsed ? ['access-control'] : []
}

function refused(frame: Frame, { transaction }: TransactionFacts, attack: Attack): Alteration {
  const contract: Address = frame.to ?? '0x'
  const selector = selectorOf(frame.input) ?? '0x'
  return {
    kind: 'call-refused',
    contract,
    function: nameOf(selector, attack),
    transactionHash: transaction.hash,
    frame: frame.index,
    statement: `${contract} refuses ${nameOf(selector, attack)} to the attacker`,
    speaksFor: [],
    at: contract,
    program: toAttackers(attack, { selector, reply: { kind: 'refuse' } }),
    rank: suspicionOf(contract, attack) / 4,
  }
}

/** Maximum number of attackers: the code in front of the contract’s code names each. */
const MOST_CALLERS = 32

function toAttackers({ attackers }: Attack, { selector, reply }: { selector: Hex; reply: Reply }): Program {
  const from = [...attackers].slice(0, MOST_CALLERS)
  return { kind: 'rules', rules: [{ from, match: { kind: 'selector', selector }, reply }] }
}
