import type { Printed } from './record.ts'

/**
 * Maximum number of characters of a secret in a regular expression; longer ones (signed transactions) are searched
 * literally.
 */
const LONGEST_PATTERN = 500

/**
 * Returns a function that replaces secrets in every text of a value, also those without `0x`, in any case, and as field
 * names; text → its replacement. Words match as whole words, hex also within other text.
 */
export function concealer(secrets: ReadonlyMap<string, string>): <T>(value: T) => T {
  if (secrets.size === 0) return (value) => value
  const [short, long] = [true, false].map((isShort) =>
    [...secrets.keys()]
      .filter((secret) => secret.length <= LONGEST_PATTERN === isShort)
      .sort((a, b) => b.length - a.length),
  )
  const places = new Map([...secrets].map(([secret, place]) => [normal(secret), place]))
  const pattern = new RegExp(short?.map(patternOf).join('|') || '(?!)', 'giu')
  const clean = (text: string): string =>
    (long ?? [])
      .reduce((left, secret) => left.replaceAll(secret, secrets.get(secret) ?? ''), text)
      .replace(pattern, (found) => places.get(normal(found)) ?? '[redacted]')
  return <T>(value: T) => swept(value, clean) as T
}

function normal(secret: string): string {
  return secret.toLowerCase().replace(/^0x/, '')
}

function patternOf(secret: string): string {
  const literal = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  if (/^0x[0-9a-f]{8,}$/i.test(secret)) return `(?:0x)?${secret.slice(2)}`
  return `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`
}

function swept(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map((item) => swept(item, clean))
  if (value instanceof Map)
    return new Map([...value].map(([name, inner]) => [clean(String(name)), swept(inner, clean)]))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, swept(inner, clean)]))
}

/** A value of which only the shape remains: every text is `place`, every amount is zero. */
export function veiled<T>(value: T, place: string): Printed<T> {
  return hollow(value, place) as Printed<T>
}

function hollow(value: unknown, place: string): unknown {
  if (typeof value === 'string') return place
  if (typeof value === 'bigint') return 0n
  if (typeof value === 'number') return 0
  if (Array.isArray(value)) return value.map((item) => hollow(item, place))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hollow(inner, place)]))
}
