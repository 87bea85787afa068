import type { ProtocolCall } from './calls.ts'

/** A function that depends on another's effect: `outer(inner)` for a re-entry, `first>then` for a later call. */
export type Step = { key: string; frames: [number, number] }

/** `hidesStrangers`: only the protocol's own frames were recorded. */
export type Recording = { hasStorage: boolean; hidesStrangers: boolean }

/**
 * Transfers and allowances of EIP-20, and EIP-2612. Next to another call they are an ordinary payment, so they do not
 * form a step (CrossGuard's ERC-20 rule).
 */
const TOKEN_SELECTORS: ReadonlySet<string> = new Set([
  '0xa9059cbb', // transfer(address,uint256)
  '0x23b872dd', // transferFrom(address,address,uint256)
  '0x095ea7b3', // approve(address,uint256)
  '0xd505accf', // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
])

/** Limits on steps and different functions of one transaction: beyond them everything is new anyway, and reported. */
const MOST_STEPS = 500
const MOST_FUNCTIONS = 128

/**
 * The steps of a transaction through a protocol, each once. Functions count by selector, so that what is usual for one
 * market is usual for the next one. A single call, however deep, has none; nor have calls that do not depend on one
 * another: where storage was recorded a later call must read what an earlier one changed.
 */
export function stepsOf(calls: readonly ProtocolCall[], { hasStorage, hidesStrangers }: Recording): Step[] {
  const steps = new Map<string, Step>()
  const own = calls.filter((call) => call.effectful && !call.clone)
  const add = (key: string, first: ProtocolCall, then: ProtocolCall): void => {
    if (!steps.has(key) && steps.size < MOST_STEPS) steps.set(key, { key, frames: [first.frame, then.frame] })
  }
  for (const call of own) {
    const outer = reentered(call, calls, hidesStrangers)
    if (outer !== undefined) add(`${outer.selector}(${call.selector})`, outer, call)
  }
  const before = new Map<string, { last: ProtocolCall; changed: Set<string> }>()
  for (const call of own) {
    if (steps.size >= MOST_STEPS) break
    if (call.outer !== -1 || TOKEN_SELECTORS.has(call.selector)) continue
    for (const [selector, { last, changed }] of before)
      if (!hasStorage || meets(changed, call.reads)) add(`${selector}>${call.selector}`, last, call)
    if (before.size >= MOST_FUNCTIONS && !before.has(call.selector)) continue
    const known = before.get(call.selector) ?? { last: call, changed: new Set() }
    for (const key of call.writes.keys()) known.changed.add(key)
    before.set(call.selector, { last: call, changed: known.changed })
  }
  return [...steps.values()]
}

/**
 * The unfinished call that this one re-entered through a stranger. Where strangers' frames were not recorded, one is
 * assumed wherever the same contract is entered again.
 */
function reentered(
  call: ProtocolCall,
  calls: readonly ProtocolCall[],
  hidesStrangers: boolean,
): ProtocolCall | undefined {
  let viaStranger = call.viaStranger
  for (let outer = calls[call.outer]; outer !== undefined; outer = calls[outer.outer]) {
    const mayBeStranger = viaStranger || (hidesStrangers && outer.contract === call.contract)
    if (outer.effectful && !outer.clone && mayBeStranger) return outer
    viaStranger ||= outer.viaStranger
  }
  return undefined
}

function meets(changed: ReadonlySet<string>, reads: ReadonlySet<string>): boolean {
  const [few, many] = changed.size < reads.size ? [changed, reads] : [reads, changed]
  for (const key of few) if (many.has(key)) return true
  return false
}
