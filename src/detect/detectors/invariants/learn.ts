import { actsAgain, askedOf, isToldBefore, type Verdict } from './judge.ts'
import { historyOf, type ProtocolModel, remember, seenAgain } from './model.ts'
import { countNovelty } from './novelty.ts'
import type { Observation } from './observe.ts'
import { addTrial } from './support.ts'

const COUNTED_AS = { use: 'transactions', birth: 'transactions', read: 'reads', clone: 'clones' } as const

/** Adds an ordinary transaction to the model: from now on its behaviour is known. Changes `protocol`. */
export function learn(seen: Observation, protocol: ProtocolModel): void {
  const { block } = seen
  if (historyOf(protocol).times === 0) protocol.first = block
  protocol.last = Math.max(protocol.last, block)
  protocol[COUNTED_AS[seen.kind]]++
  for (const field of seen.recorded) protocol.recorded[field]++
  for (const { key } of seen.steps) {
    remember(protocol, 'steps', [key, seenAgain(protocol.steps.get(key), block)])
    protocol.held.delete(key)
  }
  for (const { key, direct } of seen.functions) {
    const known = protocol.functions.get(key)
    const straight = (known?.direct ?? 0) + (direct ? 1 : 0)
    remember(protocol, 'functions', [key, { ...seenAgain(known, block), direct: straight }])
  }
  for (const { key, value } of seen.quantities) {
    const known = protocol.ranges.get(key)
    const most = Math.max(known?.most ?? 0, value)
    remember(protocol, 'ranges', [key, { ...seenAgain(known, block), most }])
  }
  noteAccounts(seen, protocol)
}

function noteAccounts(seen: Observation, protocol: ProtocolModel): void {
  if (actsAgain(seen, protocol)) protocol.doubles++
  const before = protocol.latest.block === seen.block ? protocol.latest.accounts : []
  protocol.latest = { block: seen.block, accounts: [...new Set([...before, ...seen.accounts])].slice(-1_000) }
}

/**
 * Counts how often each kind of invariant was broken, whatever the outcome: an attack mistaken for ordinary makes the
 * model more careful with its own verdict, never less. Steps reported before do not count as broken again, so an attack
 * that goes on stays an alarm; an alarm about anything else makes the next one of its size ordinary.
 */
export function countTrials(seen: Observation, verdict: Verdict, protocol: ProtocolModel): void {
  const broken = new Set(verdict.violations.map(({ family }) => family))
  const isFlagged = verdict.kind === 'flagged'
  const isRepeated = broken.has('step') && isToldBefore(seen, protocol)
  const isNew = broken.has('step') && !isRepeated
  protocol.alarms = addTrial(protocol.alarms, isFlagged && isNew)
  if (!(isFlagged && isRepeated)) protocol.novelty = countNovelty(seen, verdict.novelty, protocol.novelty)
  for (const family of askedOf(seen, protocol))
    protocol.trials[family] = addTrial(
      protocol.trials[family],
      family === 'step' ? isNew : broken.has(family),
    )
}

/** Records an alarm: its new behaviour stays unknown, and is held until it may count as judged. */
export function hold(seen: Observation, protocol: ProtocolModel): void {
  protocol.alarmed++
  for (const { key } of seen.steps)
    if (!protocol.steps.has(key)) remember(protocol, 'held', [key, protocol.held.get(key) ?? seen.block])
}
