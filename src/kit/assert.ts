/**
 * Fails when an invariant of our own code does not hold.
 * For bad input throw a {@link CordonError} instead: an assertion is a bug report, not a message to a user.
 */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${invariant}`)
}

/** Closes an exhaustive switch: the compiler rejects a missing state. */
export function unreachable(value: never): never {
  throw new Error(`Broken invariant: unreachable state ${JSON.stringify(value)}`)
}
