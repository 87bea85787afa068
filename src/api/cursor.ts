/**
 * How far a reader of the whole timeline is. Positions commit out of order, and those of a rolled-back transaction
 * never come, so the newest one alone cannot show what was read: the last OVERLAP are tracked one by one. An entry that
 * commits more than OVERLAP positions late is not reported (store/listen.ts has the same bound).
 */
export type Cursor = { newest: number; told: Set<number> }

export const OVERLAP = 256

export function cursorAt(newest: number): Cursor {
  return { newest, told: new Set() }
}

export function copyCursor({ newest, told }: Cursor): Cursor {
  return { newest, told: new Set(told) }
}

/** Marks a position as read; false if it was already. */
export function take(cursor: Cursor, position: number): boolean {
  if (position <= cursor.newest - OVERLAP || cursor.told.has(position)) return false
  cursor.told.add(position)
  if (position > cursor.newest) {
    cursor.newest = position
    for (const old of cursor.told) if (old <= position - OVERLAP) cursor.told.delete(old)
  }
  return true
}

/**
 * A cursor as an SSE id, `newest` or `newest.gaps`: bit k of the hex number `gaps` means that position newest − k was
 * not read.
 */
export function cursorText({ newest, told }: Cursor): string {
  let gaps = 0n
  for (let back = 0; back < OVERLAP && back < newest; back++) {
    if (!told.has(newest - back)) gaps |= 1n << BigInt(back)
  }
  return gaps === 0n ? `${newest}` : `${newest}.${gaps.toString(16)}`
}

/** Reads the result of {@link cursorText}; undefined for anything else. */
export function parseCursor(text: string): Cursor | undefined {
  const [, newest, gaps = '0'] = /^(\d{1,15})(?:\.([0-9a-f]{1,64}))?$/.exec(text) ?? []
  if (newest === undefined) return undefined
  const cursor = cursorAt(Number(newest))
  const missing = BigInt(`0x${gaps}`)
  for (let back = 0; back < OVERLAP && back < cursor.newest; back++) {
    if (((missing >> BigInt(back)) & 1n) === 0n) cursor.told.add(cursor.newest - back)
  }
  return cursor
}
