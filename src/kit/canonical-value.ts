/**
 * One text for one value of plain data, Maps, Sets and bigints included: keys of objects sorted, Maps and Sets in their
 * own order, functions left out. For hashes that never leave this program; signed data uses `canonicalJson`.
 */
export function canonicalValue(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'function' || typeof value === 'symbol' || value === undefined) return '-'
  if (Array.isArray(value)) return `[${value.map(canonicalValue).join()}]`
  if (value instanceof Set) return `Set[${[...value].map(canonicalValue).join()}]`
  if (value instanceof Map)
    return `Map[${[...value].map(([key, inner]) => `${canonicalValue(key)}:${canonicalValue(inner)}`).join()}]`
  if (value !== null && typeof value === 'object') {
    const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${pairs.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalValue(inner)}`).join()}}`
  }
  return JSON.stringify(value) ?? 'null'
}
