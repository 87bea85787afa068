import type { Reporter } from '../../model/report.ts'
import { addressesCsv, lossesCsv } from '../csv.ts'
import type { Outgoing } from '../outgoing.ts'
import { seal911 } from '../seal-911.ts'
import { stixBundle } from '../stix.ts'

export type SharedText = 'stix' | 'addresses' | 'losses' | 'seal911'

type Words = { reporter?: Reporter | undefined; help?: string | undefined }

const MAKERS: Readonly<Record<SharedText, (out: Outgoing, words: Words) => string>> = {
  stix: (out, { reporter }) => stixBundle(out, reporter),
  addresses: addressesCsv,
  losses: lossesCsv,
  seal911: (out, { reporter, help }) => seal911(out, { reporter, help }),
}

/** Formats for machines and responders, as text. */
export function sharedText(what: SharedText, out: Outgoing, words: Words): string {
  return MAKERS[what](out, words)
}
