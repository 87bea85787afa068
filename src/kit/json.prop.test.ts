import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalValue } from './canonical-value.ts'
import { isLike } from './is-like.ts'
import { canonicalJson, sha256, toJson } from './json.ts'
import { firstAtLeast } from './sorted.ts'

const seed = 20_260_101

test('canonical JSON is JSON with the same content, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const text = canonicalJson(value)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(canonicalJson(reversed(value))).toBe(text)
    }),
    { seed },
  )
})

/** The same value with the keys of every object in the other order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  )
}

test('canonical JSON writes bigints as text, leaves undefined fields out and undefined items as null', () => {
  expect(canonicalJson({ b: 2n ** 70n, a: undefined, c: [undefined, 1] })).toBe(
    '{"b":"1180591620717411303424","c":[null,1]}',
  )
  expect(canonicalJson(undefined)).toBe('null')
  expect(canonicalJson({ '"': 1 })).toBe('{"\\"":1}')
})

test('JSON for files keeps the order of keys and writes bigints as text', () => {
  expect(toJson({ b: 1n, a: [2n] })).toBe('{"b":"1","a":["2"]}')
  expect(toJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}')
})

test('SHA-256 is that of the UTF-8 bytes', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  expect([sha256(''), sha256(new Uint8Array())]).toEqual([empty, empty])
  expect(sha256('ä')).toBe(sha256(new TextEncoder().encode('ä')))
})

test('values of different kinds never have one canonical text', () => {
  const values = [
    1,
    '1',
    1n,
    -0,
    0,
    null,
    true,
    [1],
    ['1'],
    [[1]],
    new Set([1]),
    new Map([[1, 1]]),
    { a: 1 },
    {},
    [],
  ]
  expect(new Set(values.map(canonicalValue)).size).toBe(values.length)
  expect(canonicalValue({ b: 1, a: 2 })).toBe(canonicalValue({ a: 2, b: 1 }))
  expect(canonicalValue(new Map([[1, 2]]))).not.toBe(canonicalValue(new Map([[1, 3]])))
})

test('data has the shape of other data where each of its fields has the same kind, or is null', () => {
  const shape = { count: 1, list: [1], map: new Map(), set: new Set(), bytes: new Uint8Array(), maybe: null }
  expect(isLike({ ...shape, count: 9, maybe: 'x', more: 1 }, shape)).toBe(true)
  expect(isLike({ ...shape, list: null }, shape)).toBe(true)
  const wrong = { count: '1', list: {}, map: {}, set: [], bytes: [] }
  for (const [name, value] of Object.entries(wrong))
    expect(isLike({ ...shape, [name]: value }, shape)).toBe(false)
  const { count: _, ...without } = shape
  expect(isLike(without, shape)).toBe(false)
  expect([isLike(null, {}), isLike([], {}), isLike(1, 2), isLike('1', 1)]).toEqual([
    false,
    false,
    true,
    false,
  ])
})

test('the first number that is not below a value has as many numbers below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 20 })),
      fc.integer({ min: -25, max: 25 }),
      (list, value) => {
        const ascending = list.sort((a, b) => a - b)
        expect(firstAtLeast(ascending, value)).toBe(ascending.filter((one) => one < value).length)
      },
    ),
    { seed },
  )
})
