/** Removes the oldest entry where there are more than `most`. */
export function forgetOldest<K>(
  entries: { size: number; keys(): IterableIterator<K>; delete(key: K): boolean },
  most: number,
): void {
  if (entries.size <= most) return
  for (const oldest of entries.keys()) return void entries.delete(oldest)
}
