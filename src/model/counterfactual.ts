import { z } from 'zod'
import { assetChangeSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/** What can be altered, one thing at a time, before an attack is run again. */
export const alterationKinds = [
  /** A contract refuses to be entered while it runs. */
  're-entry-refused',
  /** A contract is told what it would have been told before the attack. */
  'price-held',
  /** The same call a second time is refused. */
  'repeat-refused',
  /** A call that moved nothing, but changed something, has no effect. */
  'change-undone',
  /** A contract does not make the call whose bytes a stranger gave it. */
  'forwarded-call-refused',
  /** A call of the attacker is refused. */
  'call-refused',
] as const
export type AlterationKind = (typeof alterationKinds)[number]

export const outcomes = ['profit-gone', 'part-remains', 'profit-remains', 'inconclusive'] as const
export type Outcome = (typeof outcomes)[number]

/** A Counterfactual: an attack run again with one thing altered, and what was left of its profit. */
export const counterfactualSchema = z.object({
  alteration: z.enum(alterationKinds),
  /** Where a sound contract would have had it; its function, by signature or selector, where one is known. */
  contract: addressSchema,
  function: z.string().nullable(),
  transactionHash: hashSchema,
  /** The first frame that it is about, by index in execution order. */
  frame: z.number().int().min(0),
  statement: z.string(),
  /** The causes that it speaks for where the profit goes, and against where it stays; empty for a step that merely is needed. */
  speaksFor: z.array(z.string()),
  outcome: z.enum(outcomes),
  /** What the attackers still had more, base units. */
  gained: z.array(assetChangeSchema),
  /** What they gave more than in the attack, base units. */
  givenMore: z.array(z.object({ asset: assetChangeSchema.shape.asset, amount: amountSchema })),
  /** Ordinary transactions that were frozen with the attack and pass without the alteration: how many still do. */
  legitimate: z.object({ passed: z.number().int().min(0), of: z.number().int().min(0) }),
  /** How it went: why the attack failed, or why nothing can be said. */
  reason: z.string(),
})
export type Counterfactual = z.infer<typeof counterfactualSchema>
