import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../kit/json.ts'
import { type Evidence, GENESIS_HASH } from '../model/evidence.ts'
import { linkHash, verifyChain } from './ledger.ts'

const SEED = 20_260_101
const json = fc.jsonValue({ maxDepth: 3 })
const bodies = fc.array(json, { minLength: 1, maxLength: 8 })

function chainOf(contents: readonly unknown[]): Evidence[] {
  const links: Evidence[] = []
  for (const [index, body] of contents.entries()) {
    const previous = links.at(-1)?.hash ?? GENESIS_HASH
    const link = { incidentId: 'i', sequence: index + 1, kind: 'finding', recordedAt: index, body, previous }
    links.push({ ...link, hash: linkHash(link) })
  }
  return links
}

/** Each changes one thing in one link; none may return its input unchanged. */
const mutations: ((link: Evidence, other: unknown) => Evidence)[] = [
  (link, other) => ({ ...link, body: other }),
  (link) => ({ ...link, kind: `${link.kind}!` }),
  (link) => ({ ...link, recordedAt: link.recordedAt + 1 }),
  (link) => ({ ...link, sequence: link.sequence + 1 }),
  (link) => ({ ...link, incidentId: 'j' }),
  (link) => ({ ...link, previous: 'f'.repeat(64) }),
  (link) => ({ ...link, hash: 'e'.repeat(64) }),
]

test('an untouched chain holds, whatever is in it', () => {
  fc.assert(
    fc.property(bodies, (contents) => verifyChain(chainOf(contents)).ok),
    { seed: SEED },
  )
})

test('what is read back from its own text has the same hash', () => {
  fc.assert(
    fc.property(json, (body) => canonicalJson(JSON.parse(canonicalJson(body))) === canonicalJson(body)),
    { seed: SEED },
  )
})

test('any single change of any link is found, and at its place or the next', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.nat(), json, (contents, where, how, other) => {
      const links = chainOf(contents)
      const at = where % links.length
      const link = links[at]
      const mutate = mutations[how % mutations.length]
      if (!link || !mutate) return
      fc.pre(canonicalJson(other) !== canonicalJson(link.body))
      const verdict = verifyChain(links.with(at, mutate(link, other)))
      expect(verdict.ok).toBe(false)
      expect([at, at + 1, at + 2]).toContain(verdict.brokenAt)
    }),
    { seed: SEED },
  )
})

test('a change with its own hash made right again is found at the next link, or by the known head', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), json, (contents, where, other) => {
      const links = chainOf(contents)
      const at = where % links.length
      const link = links[at]
      if (!link) return
      fc.pre(canonicalJson(other) !== canonicalJson(link.body))
      const forged = { ...link, body: other }
      const changed = links.with(at, { ...forged, hash: linkHash(forged) })
      const head = { count: links.length, head: links.at(-1)?.hash ?? GENESIS_HASH }
      expect(verifyChain(changed, head).ok).toBe(false)
      if (at < links.length - 1) expect(verifyChain(changed)).toMatchObject({ ok: false, brokenAt: at + 2 })
    }),
    { seed: SEED },
  )
})

test('two links in the other order, or one left out before the last, are found', () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 2, maxLength: 8 }), fc.nat(), (contents, where) => {
      const links = chainOf(contents)
      const at = where % (links.length - 1)
      const [one, next] = [links[at], links[at + 1]]
      if (!one || !next) return
      expect(verifyChain(links.with(at, next).with(at + 1, one)).ok).toBe(false)
      expect(verifyChain(links.toSpliced(at, 1)).ok).toBe(false)
    }),
    { seed: SEED },
  )
})

test('a tail cut off is found only by a head known from outside', () => {
  const links = chainOf(['one', 'two', 'three'])
  const head = { count: 3, head: links.at(-1)?.hash ?? '' }
  const cut = links.slice(0, 2)
  expect(verifyChain(cut)).toMatchObject({ ok: true, count: 2 })
  expect(verifyChain(cut, head)).toMatchObject({ ok: false, brokenAt: 3 })
  expect(verifyChain(links, head)).toMatchObject({ ok: true })
  expect(verifyChain([])).toEqual({ ok: true, count: 0, head: GENESIS_HASH })
})
