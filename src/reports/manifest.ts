import { canonicalJson, sha256 } from '../kit/json.ts'
import type { Evidence } from '../model/evidence.ts'
import type { Audience, Tlp } from '../model/report.ts'

export type ManifestFile = {
  path: string
  bytes: Uint8Array
  /** The ledger link that names it; null if none does. */
  sequence: number | null
}

/** A file that the ledger names and that is missing, or has changed. */
export type MissingFile = { name: string; sha256: string; sequence: number; why: string }

export type ManifestHead = {
  type: 'cordon-export' | 'cordon-packet'
  incidentId: string | null
  audience: Audience
  tlp: Tlp
  generatedBy: string
  /** ISO 8601: the time of its newest entry. */
  asOf: string
  chain: { count: number; head: string; ok: boolean; redacted: number } | null
  missing: readonly MissingFile[]
}

/**
 * `manifest.json`: the contents of a folder, by SHA-256. `sha256` is over its own canonical JSON without that field.
 */
export function manifestJson(head: ManifestHead, files: readonly ManifestFile[]): string {
  const listed = files.map(({ path, bytes, sequence }) => ({
    path,
    sha256: sha256(bytes),
    size: bytes.length,
    sequence,
  }))
  const manifest = { ...head, version: 1, files: listed }
  return `${JSON.stringify({ ...manifest, sha256: sha256(canonicalJson(manifest)) }, null, 2)}\n`
}

/**
 * The ledger, one link per line. A withheld link keeps its position, its hash and the hash of its body: the chain still
 * holds by `previous`, and a reader who gets the body later can check it against both.
 */
export function ledgerLines(
  links: readonly Evidence[],
  shows: (link: Evidence) => boolean,
): { text: string; redacted: number } {
  const hidden = new Set(links.filter((link) => !shows(link)))
  const lines = links.map((link) => {
    if (!hidden.has(link)) return canonicalJson(link)
    const { body, ...rest } = link
    return canonicalJson({ ...rest, bodySha256: sha256(canonicalJson(body)), redacted: true })
  })
  return { text: lines.map((line) => `${line}\n`).join(''), redacted: hidden.size }
}
