/** Possible faults between Cordon and the outside world. */
export const faultKinds = [
  'none',
  'rpc-error',
  'timeout',
  'lying-receipt',
  'lagging-node',
  'reorg',
  'nonce-stolen',
  'gas-spike',
  'signer-down',
  'database',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** One fault of a run. Times in milliseconds since its start. */
export type Fault = {
  kind: FaultKind
  from: number
  until: number
  /** Chance that a call is hit. */
  rate: number
  /** Blocks of a reorg, blocks of lag, thefts, queries that fail: 1 to 10. */
  size: number
  /** The variant of the fault, 0 to 1. */
  way: number
  /** Counted from the moment when the first pause is in the pool, not from the start. */
  afterSent?: boolean
}

/**
 * A fault at a time at which it may matter: half of them within the first second, in which everything is signed and
 * sent.
 */
export function drawFault(kind: FaultKind, random: () => number): Fault {
  const from = Math.floor(random() < 0.5 ? random() * 800 : random() * 20_000)
  return {
    kind,
    from,
    until: from + 500 + Math.floor(random() * (random() < 0.2 ? 45_000 : 12_000)),
    rate: 0.2 + random() * 0.7,
    size: 1 + Math.floor(random() * 10),
    way: random(),
  }
}

/** The active fault of a kind, if there is one. */
export function current(faults: readonly Fault[], kind: FaultKind, now: number): Fault | undefined {
  return faults.find((fault) => fault.kind === kind && now >= fault.from && now < fault.until)
}

/** The end of the last fault. */
export function quietFrom(faults: readonly Fault[]): number {
  return Math.max(0, ...faults.map(({ until, afterSent }) => until + (afterSent === true ? 15_000 : 0)))
}
