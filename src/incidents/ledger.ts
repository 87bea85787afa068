import { canonicalJson, sha256 } from '../kit/json.ts'
import { type Evidence, type EvidenceItem, GENESIS_HASH } from '../model/evidence.ts'
import { insertEvidence, listEvidence, lockEvidenceHead } from '../store/evidence.ts'
import { recordSize } from '../store/incidents.ts'
import { transaction } from '../store/store.ts'
import { type IncidentContext, unknownIncident } from './context.ts'

export type NewEvidence = { incidentId: string } & EvidenceItem

export type ChainVerdict = {
  ok: boolean
  /** Links found. */
  count: number
  /** Hash of the last link found, 64 zeros for none. */
  head: string
  /** Sequence of the first link at which the chain is broken. */
  brokenAt?: number
  reason?: string
}

/**
 * Appends to an incident's evidence chain. Sequential per incident, numbered without gaps, never changed again. The
 * stored, hashed and returned form is the body as JSON, with bigints as decimal strings. Throws
 * `incidents.UnknownIncident`.
 */
export async function appendEvidence(context: IncidentContext, item: NewEvidence): Promise<Evidence> {
  return transaction(context.store, async (tx) => {
    const end = await lockEvidenceHead(tx, item.incidentId)
    if (!end) throw unknownIncident(item.incidentId)
    const link = nextLink(end, { ...item, recordedAt: context.clock.now() })
    await insertEvidence(tx, [link])
    return link
  })
}

/** The next link at the end of an incident's chain. */
export function nextLink(
  end: { count: number; head: string },
  { incidentId, kind, recordedAt, body }: NewEvidence & { recordedAt: number },
): Evidence {
  const plain: unknown = JSON.parse(canonicalJson(body))
  const link = { incidentId, sequence: end.count + 1, kind, recordedAt, body: plain, previous: end.head }
  return { ...link, hash: linkHash(link) }
}

/**
 * Reads an incident's evidence and recomputes every hash; compares the end with the head in the incident's row. Anyone
 * who can rewrite the whole database can rewrite that too: only a head that was recorded elsewhere (in a report, a
 * notification, on a chain) proves that no tail was cut off or rewritten. Throws `incidents.UnknownIncident`.
 */
export async function verifyEvidence(context: IncidentContext, incidentId: string): Promise<ChainVerdict> {
  return transaction(context.store, async (tx) => {
    const end = await lockEvidenceHead(tx, incidentId)
    if (!end) throw unknownIncident(incidentId)
    return verifyChain(await listEvidence(tx, incidentId), end)
  })
}

/** The hash of the newest link, to be recorded where this database's owner cannot change it. */
export async function evidenceHead(
  context: IncidentContext,
  incidentId: string,
): Promise<{ count: number; head: string }> {
  const size = await recordSize(context.store, incidentId)
  if (!size) throw unknownIncident(incidentId)
  return { count: size.evidenceCount, head: size.evidenceHead }
}

/**
 * Checks a chain offline. It detects any change of a link or of the order, and a link removed from the start or the
 * middle. A truncated tail leaves a shorter chain that is valid in itself: that is detected only against `expected`,
 * the count and head known from outside.
 */
export function verifyChain(
  links: readonly Evidence[],
  expected?: { count: number; head: string },
): ChainVerdict {
  let previous = GENESIS_HASH
  const incidentId = links[0]?.incidentId
  const count = links.length
  const head = links.at(-1)?.hash ?? GENESIS_HASH
  for (const [index, link] of links.entries()) {
    const reason = faultOf(link, { sequence: index + 1, previous, incidentId })
    if (reason) return { ok: false, count, head, brokenAt: index + 1, reason }
    previous = link.hash
  }
  if (expected && (expected.count !== count || expected.head !== head)) {
    const reason = `ends with ${count} links where ${expected.count} are known, or with another head`
    return { ok: false, count, head, brokenAt: Math.min(count, expected.count) + 1, reason }
  }
  return { ok: true, count, head }
}

type Place = { sequence: number; previous: string; incidentId: string | undefined }

function faultOf(link: Evidence, place: Place): string | undefined {
  if (link.incidentId !== place.incidentId) return 'belongs to another incident'
  if (link.sequence !== place.sequence) return `says it is number ${link.sequence}`
  if (link.previous !== place.previous) return 'does not follow the link before it'
  if (linkHash(link) !== link.hash) return 'content and hash disagree'
  return undefined
}

/** SHA-256 over the canonical JSON of a link without its hash. */
export function linkHash(link: Omit<Evidence, 'hash'>): string {
  const { incidentId, sequence, kind, recordedAt, body, previous } = link
  return sha256(canonicalJson({ incidentId, sequence, kind, recordedAt, body, previous }))
}
