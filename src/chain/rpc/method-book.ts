import { messageOf } from '../../kit/error.ts'
import { isAbsent } from './failure.ts'

/**
 * Which methods an endpoint has, learned from its answers to real questions. An absent method is tried again after a
 * while: nodes are restarted with other options, and proxies change what they let through.
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

/** Notes a failure; only the node's own word that it lacks the method counts. */
export function noteRefusal(
  book: MethodBook,
  method: string,
  { thrown, now }: { thrown: unknown; now: number },
): void {
  if (isAbsent(thrown)) noteAbsent(book, method, { reason: messageOf(thrown), now })
}

/** Notes that the method cannot be used, also where the node answers it in another shape than it should. */
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
