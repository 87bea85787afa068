import { canonicalJson, sha256 } from '../kit/json.ts'
import { GENESIS_HASH } from '../model/evidence.ts'
import type { KeptEntry } from '../model/timeline.ts'
import type { ChainVerdict } from './ledger.ts'

/** An entry as recorded; without hashes where it was written before hashes existed. */
export type ChainedEntry = KeptEntry & { previous: string | null; hash: string | null }

export type TimelineVerdict = ChainVerdict & {
  /** Entries from before hashes existed: changes to them cannot be detected. */
  unhashed: number
}

/** SHA-256 over the canonical JSON of an entry without its hash; the database computes the same (migration 50). */
export function entryHash(entry: KeptEntry & { previous: string }): string {
  const { author, discoveryTime, eventTime, facts, incidentId, kind, message, previous, sequence } = entry
  return sha256(
    canonicalJson({ author, discoveryTime, eventTime, facts, incidentId, kind, message, previous, sequence }),
  )
}

/**
 * Checks the timeline of an incident. It detects any change of an entry or of the order, and a removed entry, and names
 * the first such place; a truncated tail only against `expected`, the end known from elsewhere.
 */
export function verifyTimeline(
  entries: readonly ChainedEntry[],
  expected?: { count: number; head: string },
): TimelineVerdict {
  const unhashed = entries.findIndex(({ hash }) => hash !== null)
  const old = unhashed === -1 ? entries.length : unhashed
  let previous = GENESIS_HASH
  const count = entries.length
  for (const [index, entry] of entries.entries()) {
    const reason = faultOf(entry, { sequence: index + 1, previous, isOld: index < old })
    if (reason) return { ok: false, count, head: previous, unhashed: old, brokenAt: index + 1, reason }
    previous = entry.hash ?? previous
  }
  const end = { count, head: previous, unhashed: old }
  if (expected && (expected.count !== count || expected.head !== previous)) {
    const reason = `ends with ${count} entries where ${expected.count} are known, or with another head`
    return { ok: false, ...end, brokenAt: Math.min(count, expected.count) + 1, reason }
  }
  return { ok: true, ...end }
}

type Place = { sequence: number; previous: string; isOld: boolean }

function faultOf(entry: ChainedEntry, { sequence, previous, isOld }: Place): string | undefined {
  if (entry.sequence !== sequence) return `says it is number ${entry.sequence}`
  if (isOld) return undefined
  if (entry.hash === null || entry.previous === null) return 'has no hash, though one before it has'
  if (entry.previous !== previous) return 'does not follow the entry before it'
  if (entryHash({ ...entry, previous: entry.previous }) !== entry.hash) return 'content and hash disagree'
  return undefined
}
