/**
 * True where a value has the same type as another one and, for a plain object, every field of it has the same type;
 * null in either matches anything. It distinguishes data of another program, not wrong data: correctness is checked
 * where the data is used.
 */
export function isLike(value: unknown, other: unknown): boolean {
  if (kindOf(value) !== kindOf(other)) return false
  if (kindOf(other) !== 'object') return true
  const fields = new Map(Object.entries(value as object))
  return Object.entries(other as object).every(
    ([name, field]) =>
      fields.has(name) &&
      (field === null || fields.get(name) === null || kindOf(fields.get(name)) === kindOf(field)),
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Map) return 'map'
  if (value instanceof Set) return 'set'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return typeof value
}
