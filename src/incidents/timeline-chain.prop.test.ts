import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GENESIS_HASH } from '../model/evidence.ts'
import { type ChainedEntry, entryHash, verifyTimeline } from './timeline-chain.ts'

const seed = 20_260_101

/** A timeline of these messages, of which the first `old` are from before there were hashes. */
function timeline(messages: readonly string[], old = 0): ChainedEntry[] {
  const entries: ChainedEntry[] = []
  for (const [index, message] of messages.entries()) {
    const entry = {
      ...{ incidentId: 'i', sequence: index + 1, kind: 'note', author: 'cordon', message },
      ...{ eventTime: index, discoveryTime: index + 1, facts: { index } },
    } as const
    const previous = entries.at(-1)?.hash ?? GENESIS_HASH
    const isOld = index < old
    entries.push({
      ...entry,
      previous: isOld ? null : previous,
      hash: isOld ? null : entryHash({ ...entry, previous }),
    } as ChainedEntry)
  }
  return entries
}

const messages = fc.array(fc.string(), { minLength: 1, maxLength: 6 })
const endOf = (entries: readonly ChainedEntry[]) => ({
  count: entries.length,
  head: entries.at(-1)?.hash ?? GENESIS_HASH,
})

test('an untouched timeline holds, with any number of entries from before there were hashes', () => {
  fc.assert(
    fc.property(messages, fc.nat(7), (texts, old) => {
      const entries = timeline(texts, old)
      const end = endOf(entries)
      expect(verifyTimeline(entries, end)).toEqual({
        ok: true,
        ...end,
        unhashed: Math.min(old, texts.length),
      })
    }),
    { seed },
  )
})

test('an empty timeline holds at the beginning of all chains', () => {
  expect(verifyTimeline([])).toEqual({ ok: true, count: 0, head: GENESIS_HASH, unhashed: 0 })
})

const changes: ((entry: ChainedEntry) => ChainedEntry)[] = [
  (entry) => ({ ...entry, message: `${entry.message}!` }),
  (entry) => ({ ...entry, author: 'somebody' }),
  (entry) => ({ ...entry, eventTime: entry.eventTime + 1 }),
  (entry) => ({ ...entry, discoveryTime: entry.discoveryTime + 1 }),
  (entry) => ({ ...entry, incidentId: 'j' }),
  (entry) => ({ ...entry, facts: { index: -1 } }) as ChainedEntry,
  (entry) => ({ ...entry, kind: 'error' }) as ChainedEntry,
]

test('any change of a field of an entry is found at that entry', () => {
  const entries = timeline(['a', 'b', 'c'])
  for (const [at, entry] of entries.entries())
    for (const change of changes)
      expect(verifyTimeline(entries.with(at, change(entry)))).toEqual({
        ok: false,
        count: 3,
        head: entries[at - 1]?.hash ?? GENESIS_HASH,
        unhashed: 0,
        brokenAt: at + 1,
        reason: 'content and hash disagree',
      })
})

test('a missing, moved or renumbered entry is found where the order breaks', () => {
  const [a, b, c] = timeline(['a', 'b', 'c'])
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were made')
  expect(verifyTimeline([a, c])).toMatchObject({ ok: false, brokenAt: 2, reason: 'says it is number 3' })
  expect(verifyTimeline([b, a, c])).toMatchObject({ brokenAt: 1, reason: 'says it is number 2' })
  const moved = { ...c, sequence: 2, hash: entryHash({ ...c, sequence: 2, previous: c.previous ?? '' }) }
  expect(verifyTimeline([a, moved])).toMatchObject({
    brokenAt: 2,
    reason: 'does not follow the entry before it',
  })
})

test('an entry without a hash, or without the one before it, is a fault only after the first that has one', () => {
  const [a, b, c] = timeline(['a', 'b', 'c'], 1)
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were made')
  expect(verifyTimeline([a, b, c])).toMatchObject({ ok: true, unhashed: 1 })
  const reason = 'has no hash, though one before it has'
  for (const bare of [
    { ...c, hash: null },
    { ...c, previous: null },
  ])
    expect(verifyTimeline([a, b, bare])).toMatchObject({ ok: false, brokenAt: 3, reason, unhashed: 1 })
  expect(verifyTimeline([{ ...a, sequence: 5 }, b, c])).toMatchObject({ ok: false, brokenAt: 1 })
})

test('a tail cut off is found only by an end known from outside', () => {
  const entries = timeline(['a', 'b', 'c'])
  const cut = entries.slice(0, 2)
  expect(verifyTimeline(cut).ok).toBe(true)
  expect(verifyTimeline(cut, endOf(entries))).toMatchObject({
    ok: false,
    brokenAt: 3,
    reason: 'ends with 2 entries where 3 are known, or with another head',
  })
  expect(verifyTimeline(entries, endOf(cut))).toMatchObject({ ok: false, brokenAt: 3 })
  expect(verifyTimeline(entries, { ...endOf(entries), head: 'f'.repeat(64) })).toMatchObject({ brokenAt: 4 })
})
