/**
 * A queue between a producer and one consumer: `push` never waits, iteration ends after `close`.
 * `fail` hands an error to the consumer after what was pushed before it.
 */
export type Queue<T> = AsyncIterable<T> & {
  push(item: T): void
  close(): void
  fail(error: unknown): void
  readonly size: number
}

export function createQueue<T>(): Queue<T> {
  const items: T[] = []
  let end: { error?: unknown } | undefined
  let wake: (() => void) | undefined
  const signal = (): void => {
    wake?.()
    wake = undefined
  }
  async function* drain(): AsyncGenerator<T> {
    for (;;) {
      while (items.length > 0) yield items.shift() as T
      if (end) {
        if ('error' in end) throw end.error
        return
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    push(item) {
      if (end) return
      items.push(item)
      signal()
    },
    close() {
      end ??= {}
      signal()
    },
    fail(error) {
      end ??= { error }
      signal()
    },
    get size() {
      return items.length
    },
    [Symbol.asyncIterator]: () => drain(),
  }
}
