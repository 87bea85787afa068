import { z } from 'zod'

/** A Report: a written account of an incident for an audience, marked with how far it may be shared. */
export const reportKinds = ['incident', 'postmortem'] as const
export type ReportKind = (typeof reportKinds)[number]

export const reportFormats = ['markdown', 'html', 'pdf'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** The audience of a report: `partner` means exchanges and issuers. */
export const audiences = ['team', 'council', 'partner', 'public'] as const
export type Audience = (typeof audiences)[number]

/** Traffic Light Protocol 2.0 (FIRST), the strictest first. */
export const tlps = ['RED', 'AMBER+STRICT', 'AMBER', 'GREEN', 'CLEAR'] as const
export type Tlp = (typeof tlps)[number]

/** The requested report; without `tlp` the mark is as strict as the incident's state and the audience require. */
export const reportQuerySchema = z.strictObject({
  format: z.enum(reportFormats).default('markdown'),
  kind: z.enum(reportKinds).default('incident'),
  audience: z.enum(audiences).default('team'),
  tlp: z.enum(tlps).optional(),
})
export type ReportQuery = z.infer<typeof reportQuerySchema>
/** Like `ReportQuery`, for any format. */
export type ReportRequest = Omit<ReportQuery, 'format'>

/** The reporter: a team or a firm, never an account of the chain. */
export const reporterSchema = z.strictObject({
  name: z.string().min(1).max(200),
  /** How to reach it at any time. */
  contact: z.string().min(1).max(200).optional(),
  /** How a stranger can verify its identity. */
  proof: z.string().min(1).max(400).optional(),
})
export type Reporter = z.infer<typeof reporterSchema>

/** The recipient of a request to freeze. */
export const recipientKinds = ['exchange', 'issuer', 'bridge'] as const
export type RecipientKind = (typeof recipientKinds)[number]

/** The audience that something is shared with, and its mark; `usual` where no audience is given. */
export function handingQuery(usual: Audience) {
  return z.strictObject({ audience: z.enum(audiences).default(usual), tlp: z.enum(tlps).optional() })
}
export type HandingQuery = z.infer<ReturnType<typeof handingQuery>>
