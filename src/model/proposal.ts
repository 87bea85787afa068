import { z } from 'zod'
import { hashSchema } from './hex.ts'

/** A Proposal: a rule that would have told an attack, with how often it would have spoken in the protocol's own past. */
export const proposalSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** What it bounds. */
  bounds: z.enum(['outflow', 'repeats', 'callers', 'control', 'answers']),
  /** The whole rule file (YAML), ready for `rules` of the configuration. */
  rule: z.string(),
  /** Where it was written; null where it was not. */
  file: z.string().nullable(),
  /** The attack’s transactions that it flags: all of these are, of the ones investigated. */
  flags: z.array(hashSchema),
  history: z.object({
    /** Transactions of the history, and those of them that the rule concerns. */
    transactions: z.number().int(),
    concerned: z.number().int(),
    /** The later part, of which nothing was learned, and what of it was flagged though nobody attacked. */
    judged: z.number().int(),
    falseAlarms: z.number().int(),
    /** One-sided 95 % Clopper–Pearson limit of the false alarms a transaction. */
    mostLikelyBelow: z.number(),
  }),
})
export type Proposal = z.infer<typeof proposalSchema>
