import { z } from 'zod'
import { hashSchema } from './hex.ts'

/** A Proposal: a rule that would have detected an attack, and its alerts in the protocol's own past. */
export const proposalSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** The quantity that it bounds. */
  bounds: z.enum(['outflow', 'repeats', 'callers', 'control', 'answers']),
  /** The whole rule file (YAML), ready for `rules` of the configuration. */
  rule: z.string(),
  /** The file that it was written to; null where it was not written. */
  file: z.string().nullable(),
  /** The attack’s transactions that it flags, out of the investigated ones. */
  flags: z.array(hashSchema),
  history: z.object({
    /** Transactions of the history, and the ones among them that the rule concerns. */
    transactions: z.number().int(),
    concerned: z.number().int(),
    /** The later part, which was not used for learning, and its transactions that were flagged without an attack. */
    judged: z.number().int(),
    falseAlarms: z.number().int(),
    /** One-sided 95 % Clopper–Pearson limit of the false alarms per transaction. */
    mostLikelyBelow: z.number(),
  }),
})
export type Proposal = z.infer<typeof proposalSchema>
