import type { Frame } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import { type Alteration, type Attack, nameOf, suspicionOf } from './alteration.ts'

/** A contract that was called while it ran, with other code between. */
type Again = { contract: Address; frame: Frame; throughAttacker: boolean }

const MOST_SELECTORS = 32
/** Each lock costs a pass over all frames. */
const MOST_LOCKS = 16
const SPEAKS = ['reentrancy', 'read-only-reentrancy']

/**
 * A lock on every contract that was re-entered while it ran, and, to rule re-entry out, on the suspected ones that were
 * not. If the contract is not a suspected one, the way back in may be its purpose (a lender that is paid back).
 */
export function reentryAlterations(attack: Attack): Alteration[] {
  const found = new Map<Address, Alteration>()
  for (const tx of attack.transactions)
    for (const again of enteredAgain(tx.transaction.frames, attack.attackers)) {
      if (!attack.standing.has(again.contract) || found.has(again.contract)) continue
      if (found.size >= MOST_LOCKS && !attack.suspected.includes(again.contract)) continue
      found.set(again.contract, lockOn(again, tx, attack))
    }
  for (const contract of attack.suspected) {
    if (found.has(contract) || !attack.standing.has(contract)) continue
    const alteration = lockToRuleOut(contract, attack)
    if (alteration !== undefined) found.set(contract, alteration)
  }
  return [...found.values()]
}

function lockOn(
  { contract, frame, throughAttacker }: Again,
  tx: TransactionFacts,
  attack: Attack,
): Alteration {
  const suspicion = suspicionOf(contract, attack)
  const selector = selectorOf(frame.input)
  return {
    kind: 're-entry-refused',
    contract,
    function: nameOf(selector, attack),
    transactionHash: tx.transaction.hash,
    frame: frame.index,
    statement:
      frame.type === 'STATICCALL'
        ? `${contract} does not answer others while it is being changed`
        : `${contract} refuses to be entered again while it runs`,
    speaksFor: throughAttacker && suspicion > 0 ? SPEAKS : [],
    at: contract,
    program: lockProgram(contract, attack),
    rank: 6 + suspicion + (throughAttacker ? 1 : -2),
  }
}

function lockToRuleOut(contract: Address, attack: Attack): Alteration | undefined {
  for (const { transaction } of attack.transactions) {
    const frame = transaction.frames.find(
      (one) => isEntry(one, transaction.frames) && one.context === contract,
    )
    if (frame === undefined) continue
    return {
      kind: 're-entry-refused',
      contract,
      function: nameOf(selectorOf(frame.input), attack),
      transactionHash: transaction.hash,
      frame: frame.index,
      statement: `${contract} refuses to be entered again while it runs (it was not)`,
      speaksFor: SPEAKS,
      at: contract,
      program: lockProgram(contract, attack),
      rank: 1 + suspicionOf(contract, attack),
    }
  }
  return undefined
}

/** Locks every function that was entered from outside, and refuses reads by others while it runs. */
function lockProgram(contract: Address, { transactions, attackers }: Attack): Alteration['program'] {
  const [entries, reads] = [new Set<Hex>(), new Set<Hex>()]
  const readers = new Set<Address>()
  for (const { transaction } of transactions) {
    const { frames } = transaction
    const again = new Set(enteredAgain(frames, attackers).map(({ frame }) => frame.index))
    for (const frame of frames) {
      if (frame.context !== contract || frame.to !== contract) continue
      const selector = selectorOf(frame.input)
      if (selector === undefined) continue
      if (isEntry(frame, frames)) entries.add(selector)
      else if (frame.type === 'STATICCALL' && frame.from !== null && !attackers.has(frame.from)) {
        if (!again.has(frame.index)) continue
        reads.add(selector)
        readers.add(frame.from)
      }
    }
  }
  for (const selector of reads) entries.delete(selector)
  const few = (set: Iterable<Hex>): Hex[] => [...set].slice(0, MOST_SELECTORS)
  return { kind: 'lock', entries: few(entries), reads: few(reads), readers: few(readers) }
}

function isEntry({ type, to, context, parent }: Frame, frames: readonly Frame[]): boolean {
  return type === 'CALL' && to === context && frames[parent]?.context !== context
}

/** Linear in frames: the running contexts are kept with the stack position where each began. */
function enteredAgain(frames: readonly Frame[], attackers: ReadonlySet<Address>): Again[] {
  const found: Again[] = []
  const stack: Frame[] = []
  const began = new Map<Address, number[]>()
  const hostile: number[] = []
  const leave = (until: number): void => {
    while (stack.length > 0 && (stack.at(-1)?.end ?? 0) <= until) {
      const left = stack.pop()
      if (left?.context != null) began.get(left.context)?.pop()
      if (hostile.at(-1) === stack.length) hostile.pop()
    }
  }
  for (const frame of frames) {
    leave(frame.index)
    const { context, type, to, parent } = frame
    const running = context === null ? undefined : began.get(context)
    const first = running?.[0]
    const isCall = (type === 'CALL' || type === 'STATICCALL') && to === context
    if (context !== null && isCall && first !== undefined && frames[parent]?.context !== context)
      found.push({ contract: context, frame, throughAttacker: (hostile.at(-1) ?? -1) > first })
    if (context !== null) {
      if (running === undefined) began.set(context, [stack.length])
      else running.push(stack.length)
      if (attackers.has(context)) hostile.push(stack.length)
    }
    stack.push(frame)
  }
  return found
}
