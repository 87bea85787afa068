import { z } from 'zod'
import { assetChangeSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/** The alterations that can be made, one at a time, before an attack is run again. */
export const alterationKinds = [
  /** A contract rejects re-entry while it runs. */
  're-entry-refused',
  /** A contract receives the answer that it would have received before the attack. */
  'price-held',
  /** The second identical call is rejected. */
  'repeat-refused',
  /** A call that moved no asset but changed state has no effect. */
  'change-undone',
  /** A contract does not make the call whose bytes a stranger supplied. */
  'forwarded-call-refused',
  /** A call of the attacker is rejected. */
  'call-refused',
] as const
export type AlterationKind = (typeof alterationKinds)[number]

export const outcomes = ['profit-gone', 'part-remains', 'profit-remains', 'inconclusive'] as const
export type Outcome = (typeof outcomes)[number]

/** A Counterfactual: an attack run again with one thing altered, and the profit that remained. */
export const counterfactualSchema = z.object({
  alteration: z.enum(alterationKinds),
  /** The place where a sound contract would have the check; its function, by signature or selector, if known. */
  contract: addressSchema,
  function: z.string().nullable(),
  transactionHash: hashSchema,
  /** The first frame that it is about, by index in execution order. */
  frame: z.number().int().min(0),
  statement: z.string(),
  /**
   * The causes that it supports where the profit disappears, and contradicts where it stays; empty for a step that is
   * only a prerequisite.
   */
  speaksFor: z.array(z.string()),
  outcome: z.enum(outcomes),
  /** The attackers' remaining gains, base units. */
  gained: z.array(assetChangeSchema),
  /** The attackers' payments beyond the cost of the attack, base units. */
  givenMore: z.array(z.object({ asset: assetChangeSchema.shape.asset, amount: amountSchema })),
  /**
   * Of the ordinary transactions that were frozen with the attack and pass without the alteration: how many still do.
   */
  legitimate: z.object({ passed: z.number().int().min(0), of: z.number().int().min(0) }),
  /** The result: why the attack failed, or why there is no conclusion. */
  reason: z.string(),
})
export type Counterfactual = z.infer<typeof counterfactualSchema>
