import { GENESIS_HASH } from '../model/evidence.ts'
import type { IncidentEnd, Seal } from '../model/seal.ts'
import { listEvidence } from '../store/evidence.ts'
import { incidentEnds, listSeals, readOneMoment } from '../store/seals.ts'
import { type Store, transaction } from '../store/store.ts'
import { listChained } from '../store/timeline.ts'
import { verifyChain } from './ledger.ts'
import { isSigned, sealHash } from './seal.ts'
import { verifyTimeline } from './timeline-chain.ts'

/** A fault and its place: an incident’s entry or link, or a seal. */
export type RecordFault = {
  where: 'timeline' | 'evidence' | 'seal' | 'head'
  incidentId: string | null
  /** Number of the entry, link or seal; null where all of it is missing. */
  number: number | null
  reason: string
}

export type RecordVerdict = {
  ok: boolean
  incidents: number
  entries: number
  /** Entries from before hashes existed: changes to them cannot be detected. */
  unhashed: number
  links: number
  seals: number
  /** Hash of the newest seal, 64 zeros for none. */
  head: string
  /** Keys that signed seals, in the order of their first seal. */
  keys: string[]
  faults: RecordFault[]
}

/**
 * Checks the whole record: each timeline and evidence chain, the chain of seals and their signatures, and each incident
 * against all its seals. `heads` are seals’ hashes known from outside: each must be among the seals, otherwise the
 * record was truncated or rewritten since.
 */
export async function verifyRecord(store: Store, heads: readonly string[] = []): Promise<RecordVerdict> {
  return transaction(store, async (tx) => {
    await readOneMoment(tx)
    const seals = await listSeals(tx)
    const ends = await incidentEnds(tx)
    const sealed = sealedOf(seals)
    const faults = [...sealFaults(seals), ...headFaults(seals, heads)]
    const counts = { entries: 0, unhashed: 0, links: 0 }
    for (const end of ends) {
      const entries = await listChained(tx, end.id)
      const links = await listEvidence(tx, end.id)
      const timeline = verifyTimeline(entries, end.timeline)
      const evidence = verifyChain(links, end.evidence)
      counts.entries += timeline.count
      counts.unhashed += timeline.unhashed
      counts.links += evidence.count
      const known = sealed.get(end.id) ?? []
      faults.push(
        ...firstFault('timeline', end.id, [timeline, ...contradictions(known, 'timeline', entries)]),
        ...firstFault('evidence', end.id, [evidence, ...contradictions(known, 'evidence', links)]),
      )
    }
    const there = new Set(ends.map(({ id }) => id))
    for (const id of sealed.keys())
      if (!there.has(id))
        faults.push({ where: 'timeline', incidentId: id, number: null, reason: 'was sealed and is gone' })
    const keys = [...new Set(seals.map(({ publicKey }) => publicKey))]
    const head = seals.at(-1)?.hash ?? GENESIS_HASH
    return {
      ok: faults.length === 0,
      incidents: ends.length,
      ...counts,
      seals: seals.length,
      head,
      keys,
      faults,
    }
  })
}

/** The faults of the seals’ own chain: number, order, content, signature; the first place where it is broken. */
export function sealFaults(seals: readonly Seal[]): RecordFault[] {
  let previous = GENESIS_HASH
  for (const [index, seal] of seals.entries()) {
    const reason =
      seal.number !== index + 1
        ? `says it is number ${seal.number}`
        : seal.previous !== previous
          ? 'does not follow the seal before it'
          : sealHash(seal) !== seal.hash
            ? 'content and hash disagree'
            : isSigned(seal)
              ? undefined
              : 'its signature is not by the key that it names'
    if (reason) return [{ where: 'seal', incidentId: null, number: index + 1, reason }]
    previous = seal.hash
  }
  return []
}

function headFaults(seals: readonly Seal[], heads: readonly string[]): RecordFault[] {
  const known = new Set(seals.map(({ hash }) => hash))
  return heads
    .filter((head) => !known.has(head))
    .map((head) => ({
      where: 'head',
      incidentId: null,
      number: null,
      reason: `no seal has the head ${head}: the record was cut off or rewritten since then`,
    }))
}

function sealedOf(seals: readonly Seal[]): ReadonlyMap<string, IncidentEnd[]> {
  const ends = new Map<string, IncidentEnd[]>()
  for (const end of seals.flatMap(({ incidents }) => incidents))
    ends.set(end.id, [...(ends.get(end.id) ?? []), end])
  return ends
}

type Broken = { ok: boolean; brokenAt?: number; reason?: string }

/** The sealed parts of a chain that no longer match. */
function contradictions(
  sealed: readonly IncidentEnd[],
  which: 'timeline' | 'evidence',
  chain: readonly { hash: string | null }[],
): Broken[] {
  return sealed.flatMap((end): Broken[] => {
    const { count, head } = end[which]
    const now = count === 0 ? GENESIS_HASH : (chain[count - 1]?.hash ?? GENESIS_HASH)
    if (count > chain.length)
      return [
        {
          ok: false,
          brokenAt: chain.length + 1,
          reason: `${count} were sealed and ${chain.length} are left`,
        },
      ]
    return now === head ? [] : [{ ok: false, brokenAt: count, reason: 'differs from the sealed one' }]
  })
}

function firstFault(
  where: 'timeline' | 'evidence',
  incidentId: string,
  verdicts: readonly Broken[],
): RecordFault[] {
  const [first] = verdicts.filter(({ ok }) => !ok).sort((a, b) => (a.brokenAt ?? 0) - (b.brokenAt ?? 0))
  if (first === undefined) return []
  return [{ where, incidentId, number: first.brokenAt ?? null, reason: first.reason ?? '' }]
}
