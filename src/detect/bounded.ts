/** Lets the entry that was written first go where there are more than `most`. */
export function forgetOldest<K, V>(map: Map<K, V>, most: number): void {
  if (map.size <= most) return
  for (const oldest of map.keys()) return void map.delete(oldest)
}
