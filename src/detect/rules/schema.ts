import { z } from 'zod'
import { severitySchema } from '../../model/finding.ts'
import { hashSchema } from '../../model/hex.ts'
import { viewCallSchema } from '../lib/view-call.ts'
import { caseSchema } from './case-schema.ts'
import { subjectNames } from './subjects.ts'

const name = z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a name: lower-case letter, then letters and digits')
const expression = z.string().min(1).max(20_000)
/** `90s`, `15m`, `1h`, `7d`; at most 30 days. */
export const durationSchema = z
  .string()
  .regex(/^\d{1,7}[smhd]$/, 'expected a duration as 90s, 15m, 1h or 7d')
  .refine((text) => secondsOf(text) >= 1 && secondsOf(text) <= 30 * 86_400, 'from 1s to 30d')

const by = expression.optional()
const windowSchema = z.union(
  [
    /** How often the expression (bool) was true. */
    z.strictObject({ count: expression, by, over: durationSchema }),
    /** Sum of the expression (Amount or int). */
    z.strictObject({ sum: expression, by, over: durationSchema }),
    /** How many different values the expression (string) had, at most 1,000. */
    z.strictObject({ distinct: expression, by, over: durationSchema }),
  ],
  'expected { count | sum | distinct: expression, by?: expression, over: duration }',
)

/** A recorded bundle, by its path from the rule file, and the transactions of it that the rule must flag: none for a benign twin. */
const recordedCaseSchema = z.strictObject({
  name: z.string().min(1),
  bundle: z.string().min(1),
  protect: z.array(z.string()).default([]),
  flags: z.array(hashSchema).default([]),
})

export const testSchema = z.union(
  [recordedCaseSchema, caseSchema],
  'expected { name, blocks } or { name, bundle, flags }',
)
export type RuleTest = z.infer<typeof testSchema>

/** A rule as written in a YAML file. Unknown fields are rejected, so a typo is an error. */
export const ruleSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,60}$/, 'lower-case letters, digits and dashes'),
  title: z.string().min(1).max(120),
  owner: z.string().min(1),
  level: severitySchema,
  status: z.enum(['experimental', 'stable']),
  description: z.string().min(1),
  references: z.array(z.string()).default([]),
  falsePositives: z.array(z.string()).default([]),
  /** The first one names the kind of attack. */
  categories: z.array(z.string().min(1)).min(1),
  /** The kind of fact that the rule evaluates. */
  on: z.enum(subjectNames),
  /**
   * Address fields of the fact; one of them must be a contract named in `protect`; with none named the rule is
   * inactive. Left out: any fact.
   */
  inScope: z.array(z.string()).min(1).optional(),
  where: expression.default('true'),
  windows: z.record(name, windowSchema).default({}),
  /** View calls on the state after the block, by name. */
  reads: z.record(name, viewCallSchema).default({}),
  when: expression.default('true'),
  /** The duration for which the rule is silent after a finding, by key. */
  mute: z.strictObject({ for: durationSchema, by }).optional(),
  message: z.string().min(1).max(1_000),
  confidence: z.number().min(0).max(1),
  actors: z.array(expression).optional(),
  victims: z.array(expression).optional(),
  tests: z.array(testSchema).default([]),
})
export type Rule = z.infer<typeof ruleSchema>

export function secondsOf(duration: string): number {
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[duration.slice(-1)] ?? 1
  return Number(duration.slice(0, -1)) * unit
}

/** docs/schemas/rule.schema.json: an editor validates rule files against it. */
export function ruleJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(ruleSchema, { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'A detection rule of Cordon', ...rest }
}
