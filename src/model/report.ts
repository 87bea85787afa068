import { z } from 'zod'

/** A Report: an incident on paper, for an audience, marked with how far it may be passed on. */
export const reportKinds = ['incident', 'postmortem'] as const
export type ReportKind = (typeof reportKinds)[number]

export const reportFormats = ['markdown', 'html', 'pdf'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** For whom a report is written: `partner` are exchanges and issuers. */
export const audiences = ['team', 'council', 'partner', 'public'] as const
export type Audience = (typeof audiences)[number]

/** Traffic Light Protocol 2.0 (FIRST), the strictest first. */
export const tlps = ['RED', 'AMBER+STRICT', 'AMBER', 'GREEN', 'CLEAR'] as const
export type Tlp = (typeof tlps)[number]

/** What is asked for; without `tlp` the mark is as strict as the incident's state and the audience ask. */
export const reportQuerySchema = z.strictObject({
  format: z.enum(reportFormats).default('markdown'),
  kind: z.enum(reportKinds).default('incident'),
  audience: z.enum(audiences).default('team'),
  tlp: z.enum(tlps).optional(),
})
export type ReportQuery = z.infer<typeof reportQuerySchema>
/** As `ReportQuery`, whatever the format. */
export type ReportRequest = Omit<ReportQuery, 'format'>

/** Who tells: a team or a firm, never an account of the chain. */
export const reporterSchema = z.strictObject({
  name: z.string().min(1).max(200),
  /** How to reach it at any hour. */
  contact: z.string().min(1).max(200).optional(),
  /** How a stranger makes sure that it is really them. */
  proof: z.string().min(1).max(400).optional(),
})
export type Reporter = z.infer<typeof reporterSchema>

/** To whom a request to freeze goes. */
export const recipientKinds = ['exchange', 'issuer', 'bridge'] as const
export type RecipientKind = (typeof recipientKinds)[number]

/** For whom something is handed on, and its mark; `usual` where nobody says for whom. */
export function handingQuery(usual: Audience) {
  return z.strictObject({ audience: z.enum(audiences).default(usual), tlp: z.enum(tlps).optional() })
}
export type HandingQuery = z.infer<ReturnType<typeof handingQuery>>
