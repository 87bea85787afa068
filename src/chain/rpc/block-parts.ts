import type { Clock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'
import { array, hash, integer, object, type Raw } from '../trace/fields.ts'
import type { Endpoint } from './endpoint.ts'
import { failureKindOf } from './failure.ts'
import type { Rpc } from './rpc.ts'

/** A block whose parts are asked for. */
export type BlockHead = {
  raw: Raw
  hash: Hash
  number: number
  transactions: readonly { hash: Hash; raw: Raw }[]
}

/** How long the parts of a block may take, and on what they are asked. */
export type Asking = {
  rpc: Rpc
  clock: Clock
  /** When to go on with what there is, on the clock of `performance.now()`. */
  deadline: number
  /** Told to the node with each trace: blocks that it may execute again to reach the state. */
  reexec: number
  /** The chain's endpoints have had traces: that none has them now is a gap of the block, not how the chain is. */
  areTracesExpected: boolean
  /** The transactions that are traced one by one where the block as a whole cannot be; all where undefined. */
  wanted: ReadonlySet<Hash> | undefined
  signal: AbortSignal | undefined
  /** False once another block stands in its place: what is missing of it will never come. */
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

/** Least time in which a question is worth asking, milliseconds. */
export const WORTH_ASKING_MS = 20

/** Milliseconds between two rounds of asking: at first, and at most. */
const PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

/** Calls `round` until it says that there is no use in another, or the time is over. */
export async function rounds(asking: Asking, round: () => Promise<boolean>): Promise<void> {
  for (let pause = PAUSE_MS; await round(); pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (millisecondsLeft(asking) < 2 * pause || asking.signal?.aborted === true) return
    if (!(await asking.isCurrent())) return
    await asking.clock.sleep(pause, asking.signal)
  }
}

/** True where the same question may be answered in a moment: the node lags, contradicts itself, or did not answer. */
export function isPassing(thrown: unknown): boolean {
  const kind = failureKindOf(thrown)
  if (kind === 'timeout' || kind === 'too-large') return false
  return thrown instanceof CordonError && thrown.retryable
}

/** Runs `act` for each item, `atOnce` at a time. */
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
    fix: 'Nothing to do: it is asked for again.',
    retryable: true,
  })
}

/** A part of another block than the one that was asked for. */
export function otherBlock(method: string, other: unknown): CordonError {
  return new CordonError({
    code: 'chain.ContradictoryBlock',
    message: `${method} answers about another block.`,
    facts: { method, other },
    fix: 'A reorg between calls, or nodes that disagree behind one URL: Cordon asks again by itself.',
    retryable: true,
  })
}
