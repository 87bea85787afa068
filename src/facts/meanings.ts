import type { Hex } from '../model/hex.ts'
import type { ActionPlan } from './actions/compile.ts'
import { CALL_PLANS } from './actions/families.ts'
import { SELECTORS, VALUATIONS } from './signatures.ts'

/** The possible meanings of a selector: one look-up per frame returns everything that facts need. */
export type Meaning = {
  selector: Hex
  valuation: boolean
  reads: 'balance' | 'supply' | null
  /** Actions that a call requests, and those of them that no log shows. */
  actions: readonly ActionPlan[]
  silent: readonly ActionPlan[]
}

const MEANINGS: ReadonlyMap<number, Meaning> = meanings()

/**
 * The possible meanings of the first four bytes of calldata. They are read as a number: slicing and hashing text takes
 * twice as long.
 */
export function meaningOf(input: Hex): Meaning | undefined {
  return input.length < 10 ? undefined : MEANINGS.get(selectorNumber(input))
}

/** Lower-case hex digits 2 to 9 as a signed 32-bit number. */
function selectorNumber(input: Hex): number {
  let number = 0
  for (let i = 2; i < 10; i++) {
    const code = input.charCodeAt(i)
    number = (number << 4) | (code < 58 ? code - 48 : code - 87)
  }
  return number
}

function meanings(): Map<number, Meaning> {
  const valuations = new Set<Hex>(Object.values(VALUATIONS))
  const reads = new Map<Hex, Meaning['reads']>([
    [SELECTORS['balanceOf(address)'], 'balance'],
    [SELECTORS['totalSupply()'], 'supply'],
  ])
  const found = new Map<number, Meaning>()
  for (const selector of [...valuations, ...reads.keys(), ...CALL_PLANS.keys()]) {
    const actions = CALL_PLANS.get(selector) ?? []
    found.set(selectorNumber(selector), {
      selector,
      valuation: valuations.has(selector),
      reads: reads.get(selector) ?? null,
      actions,
      silent: actions.filter((plan) => plan.silent),
    })
  }
  return found
}
