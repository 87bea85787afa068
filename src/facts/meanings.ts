import type { Hex } from '../model/hex.ts'
import type { ActionPlan } from './actions/compile.ts'
import { CALL_PLANS } from './actions/families.ts'
import { SELECTORS, VALUATIONS } from './signatures.ts'

/** What a selector may mean: one look-up a frame tells all that facts want of it. */
export type Meaning = {
  valuation: boolean
  reads: 'balance' | 'supply' | null
  /** Actions that a call asks for, and those of them that no log tells. */
  actions: readonly ActionPlan[]
  silent: readonly ActionPlan[]
}

export const MEANINGS: ReadonlyMap<Hex, Meaning> = meanings()

function meanings(): Map<Hex, Meaning> {
  const valuations = new Set<Hex>(Object.values(VALUATIONS))
  const reads = new Map<Hex, Meaning['reads']>([
    [SELECTORS['balanceOf(address)'], 'balance'],
    [SELECTORS['totalSupply()'], 'supply'],
  ])
  const found = new Map<Hex, Meaning>()
  for (const selector of [...valuations, ...reads.keys(), ...CALL_PLANS.keys()]) {
    const actions = CALL_PLANS.get(selector) ?? []
    found.set(selector, {
      valuation: valuations.has(selector),
      reads: reads.get(selector) ?? null,
      actions,
      silent: actions.filter((plan) => plan.silent),
    })
  }
  return found
}
