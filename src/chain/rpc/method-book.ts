import { messageOf } from '../../kit/error.ts'
import { isAbsent } from './failure.ts'

/**
 * The methods of an endpoint, learned from its answers to real requests. An absent method is tried again after a while:
 * nodes are restarted with other options, and proxies change what they allow.
 */
export type MethodBook = Map<string, { reason: string; until: number }>

/** Milliseconds until a method that was absent is tried again. */
const TRY_AGAIN_MS = 60_000

export function createMethodBook(): MethodBook {
  return new Map()
}

export function mayHave(book: MethodBook, method: string, now: number): boolean {
  return (book.get(method)?.until ?? 0) <= now
}

/** Records a failure; it counts only if the node itself reports that it lacks the method. */
export function noteRefusal(
  book: MethodBook,
  method: string,
  { thrown, now }: { thrown: unknown; now: number },
): void {
  if (isAbsent(thrown)) noteAbsent(book, method, { reason: messageOf(thrown), now })
}

/** Records that the method cannot be used, also where the node's answer has the wrong shape. */
export function noteAbsent(
  book: MethodBook,
  method: string,
  { reason, now }: { reason: string; now: number },
): void {
  book.set(method, { reason, until: now + TRY_AGAIN_MS })
}

export function notePresent(book: MethodBook, method: string): void {
  book.delete(method)
}
