/** A queue that slows its producers down: `push` waits while it is full, so the queue never grows without bound. */
export type BoundedQueue<T> = {
  /** Waits for room; false where the queue was closed before there was any, and the item is dropped. */
  push(item: T): Promise<boolean>
  /** Returns up to `most` items in order, at least one; waits for it. Empty once the queue is closed and drained. */
  take(most: number): Promise<T[]>
  /** Accepts no more items; those inside can still be taken. */
  close(): void
  readonly size: number
}

export type BoundedQueueOptions<T> = {
  /** Maximum number of items. */
  capacity: number
  /** The weight of an item, in a unit of the caller's; nothing by default. */
  weigh?: (item: T) => number
  /** Maximum weight; a single item that weighs more still passes, alone. */
  maxWeight?: number
}

export function createBoundedQueue<T>({
  capacity,
  weigh = () => 0,
  maxWeight = Number.POSITIVE_INFINITY,
}: BoundedQueueOptions<T>): BoundedQueue<T> {
  const items: { item: T; weight: number }[] = []
  const changed = new Set<() => void>()
  let closed = false
  let weight = 0
  const tell = (): void => {
    const waiting = [...changed]
    changed.clear()
    for (const wake of waiting) wake()
  }
  const change = (): Promise<void> => new Promise((resolve) => changed.add(resolve))
  const hasRoom = (own: number): boolean =>
    items.length === 0 || (items.length < capacity && weight + own <= maxWeight)
  // one order for all producers: first come, first served
  let turn: Promise<unknown> = Promise.resolve()
  const enter = async (item: T): Promise<boolean> => {
    const own = weigh(item)
    while (!closed && !hasRoom(own)) await change()
    if (closed) return false
    items.push({ item, weight: own })
    weight += own
    tell()
    return true
  }
  return {
    push(item) {
      const entered = turn.then(() => enter(item))
      turn = entered
      return entered
    },
    async take(most) {
      while (items.length === 0 && !closed) await change()
      const taken = items.splice(0, most)
      for (const one of taken) weight -= one.weight
      if (taken.length > 0) tell()
      return taken.map(({ item }) => item)
    },
    close() {
      closed = true
      tell()
    },
    get size() {
      return items.length
    },
  }
}
