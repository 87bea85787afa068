import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCapped } from './read-capped.ts'

async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

const LIMITS = { steps: [{ above: 64, keep: 8 }], hard: 1_000_000 }

describe('a long answer', () => {
  test('keeps its shape and loses the ends of its long strings', async () => {
    const calls = Array.from({ length: 50 }, (_, i) => ({ to: `0x${i}`, input: `0x${'ab'.repeat(500)}` }))
    const capped = await readCapped(inChunks(JSON.stringify({ calls }), [37]), LIMITS)
    if (capped.kind !== 'text') throw new Error(capped.kind)
    expect(capped.cut).toBe(50)
    const read = JSON.parse(capped.text) as typeof calls extends (infer T)[] ? { calls: T[] } : never
    expect(read.calls.map(({ to }) => to)).toEqual(calls.map(({ to }) => to))
    for (const { input } of read.calls.slice(1)) expect(input).toBe('0xababab')
  })

  test('beyond the hard limit is given up at once, whatever its strings', async () => {
    const text = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => i))
    expect(await readCapped(inChunks(text, [1_000]), { ...LIMITS, hard: 5_000 })).toMatchObject({
      kind: 'too-large',
    })
  })

  test('is valid JSON wherever the chunks end and whatever the strings hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('\\\\"\\"\u{1F600}é\n'))),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        async (strings, sizes) => {
          const value = [...strings, 'x'.repeat(80), ...strings]
          const capped = await readCapped(inChunks(JSON.stringify(value), sizes), LIMITS)
          if (capped.kind !== 'text') throw new Error(capped.kind)
          const read = JSON.parse(capped.text) as string[]
          expect(read).toHaveLength(value.length)
          for (const [i, text] of read.entries())
            if (Buffer.byteLength(JSON.stringify(value[i])) - 2 <= 8) expect(text).toBe(value[i])
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('a short answer is left as it is', async () => {
  const text = JSON.stringify({ a: 'x'.repeat(40), b: '\\"' })
  expect(await readCapped(inChunks(text, [3]), LIMITS)).toEqual({ kind: 'text', text, cut: 0 })
})
