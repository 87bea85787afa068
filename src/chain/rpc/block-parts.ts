import type { Clock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'
import { array, hash, integer, object, type Raw } from '../trace/fields.ts'
import type { Endpoint } from './endpoint.ts'
import { failureKindOf } from './failure.ts'
import type { Rpc } from './rpc.ts'

/** A block whose parts are requested. */
export type BlockHead = {
  raw: Raw
  hash: Hash
  number: number
  transactions: readonly { hash: Hash; raw: Raw }[]
}

/** The time limit for the parts of a block, and the endpoints that are queried. */
export type Asking = {
  rpc: Rpc
  clock: Clock
  /** When to continue with the available parts, on the clock of `performance.now()`. */
  deadline: number
  /** Sent to the node with each trace request: blocks that it may re-execute to reach the state. */
  reexec: number
  /**
   * The chain's endpoints have had traces before: if none has them now, that is a gap of the block, not a property of
   * the chain.
   */
  areTracesExpected: boolean
  /** The transactions that are traced one by one if the block cannot be traced as a whole; all where undefined. */
  wanted: ReadonlySet<Hash> | undefined
  signal: AbortSignal | undefined
  /** False once another block has replaced it: its missing parts will never arrive. */
  isCurrent: () => Promise<boolean>
}

/** Why a part of one transaction is missing. */
export type Miss = { reason: string; isOwnFault: boolean }

export const TIME_OVER: Miss = { reason: 'the time for the block was over', isOwnFault: false }

export function headOfBlock(found: unknown): BlockHead {
  const raw = object(found, 'block')
  return {
    raw,
    hash: hash(raw['hash'], 'block.hash'),
    number: integer(raw['number'], 'block.number'),
    transactions: array(raw['transactions'], 'block.transactions').map((item) => {
      const transaction = object(item, 'block.transactions')
      return { hash: hash(transaction['hash'], 'block.transactions.hash'), raw: transaction }
    }),
  }
}

/** The leading endpoint first, then the others in the order of the configuration. */
export function endpointsOf({ endpoints, leader }: Rpc): Endpoint[] {
  const first = leader()
  return [first, ...endpoints.filter((it) => it !== first)]
}

export function millisecondsLeft({ deadline }: Asking): number {
  return Math.max(0, Math.floor(deadline - performance.now()))
}

/** Minimum remaining time for which a request is worthwhile, milliseconds. */
export const WORTH_ASKING_MS = 20

/** Milliseconds between two rounds of requests: initial and maximum. */
const PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

/** Calls `round` until it reports that another one is useless, or the time is over. */
export async function rounds(asking: Asking, round: () => Promise<boolean>): Promise<void> {
  for (let pause = PAUSE_MS; await round(); pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (millisecondsLeft(asking) < 2 * pause || asking.signal?.aborted === true) return
    if (!(await asking.isCurrent())) return
    await asking.clock.sleep(pause, asking.signal)
  }
}

/** True where the same request may succeed in a moment: the node lags, contradicts itself, or did not answer. */
export function isPassing(thrown: unknown): boolean {
  const kind = failureKindOf(thrown)
  if (kind === 'timeout' || kind === 'too-large') return false
  return thrown instanceof CordonError && thrown.retryable
}

/** Runs `act` for each item, `atOnce` in parallel. */
export async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await act(next)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
}

/** A part that the node does not have yet. */
export function notYet(method: string): CordonError {
  return new CordonError({
    code: 'chain.BlockMissing',
    message: `${method} has nothing for it yet.`,
    facts: { method },
    fix: 'Nothing to do: Cordon asks again.',
    retryable: true,
  })
}

/** A part of another block than the requested one. */
export function otherBlock(method: string, other: unknown): CordonError {
  return new CordonError({
    code: 'chain.ContradictoryBlock',
    message: `${method} answered about another block.`,
    facts: { method, other },
    fix: 'A reorg between calls, or nodes that disagree behind one URL: Cordon asks again by itself.',
    retryable: true,
  })
}
