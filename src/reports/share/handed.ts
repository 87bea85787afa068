import { systemClock } from '../../kit/clock.ts'
import type { IssuerLever } from '../freeze-request.ts'
import { type Handing, type Outgoing, outgoing, outgoingInvestigation } from '../outgoing.ts'
import type { IncidentRecord } from '../record.ts'
import { issuerLeversOf, readInvestigation } from './packet.ts'

/** The shared data, and the levers of issuers that recorded plans were made for. */
export type Handed = { out: Outgoing; levers: IssuerLever[] }

/** For an incident on record. Throws `reports.AudienceTooWide`. */
export function handedOf(record: IncidentRecord, handing: Handing): Handed {
  return { out: outgoing(record, handing), levers: issuerLeversOf(record) }
}

/**
 * For an investigation in a file, without a database. Throws `app.InvestigationUnreadable`, `reports.AudienceTooWide`.
 */
export async function handedFromFile(file: string, handing: Handing): Promise<Handed> {
  const found = await readInvestigation(file)
  return { out: outgoingInvestigation(found, { ...handing, at: systemClock.now() }), levers: [] }
}
