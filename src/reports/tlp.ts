import { CordonError } from '../kit/error.ts'
import { type Audience, type Tlp, tlps } from '../model/report.ts'

/** On black, as the standard prescribes. */
export const TLP_COLOURS: Readonly<Record<Tlp, string>> = {
  RED: '#FF2B2B',
  'AMBER+STRICT': '#FFC000',
  AMBER: '#FFC000',
  GREEN: '#33FF00',
  CLEAR: '#FFFFFF',
}

/** The widest marking with which an audience's content may be passed on. */
const WIDEST: Readonly<Record<Audience, Tlp>> = {
  team: 'AMBER+STRICT',
  council: 'AMBER+STRICT',
  partner: 'AMBER',
  public: 'CLEAR',
}

/**
 * The mark of a report: the requested one, otherwise RED until the incident is closed and the audience's maximum
 * afterwards. Throws `reports.AudienceTooWide`.
 */
export function tlpFor({
  audience,
  asked,
  isClosed,
}: {
  audience: Audience
  asked?: Tlp | undefined
  isClosed: boolean
}): Tlp {
  const widest = WIDEST[audience]
  if (asked === undefined) return isClosed ? widest : 'RED'
  if (tlps.indexOf(asked) <= tlps.indexOf(widest)) return asked
  throw new CordonError({
    code: 'reports.AudienceTooWide',
    message: `A report for the audience “${audience}” must not be marked TLP:${asked}.`,
    facts: { audience, asked, widest },
    fix: `Mark it TLP:${widest} or stricter, or write it for an audience that sees less: --audience public.`,
  })
}
