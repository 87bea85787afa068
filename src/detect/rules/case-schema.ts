import { z } from 'zod'
import { actionKinds } from '../../model/fact.ts'

/** An address, or a name that stands for one: the same name is the same address everywhere in a file. */
const party = z.string().min(1).max(60)
const amount = z.union([z.number().int(), z.string().regex(/^-?\d[\d_]*$/, 'expected decimal digits')])

const factSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('transfer'),
    asset: party,
    from: party,
    to: party,
    amount,
    tokenId: amount.optional(),
    standard: z.enum(['native', 'erc20', 'erc721', 'erc1155']).default('erc20'),
  }),
  z.strictObject({
    kind: z.literal('swap'),
    pool: party,
    trader: party.optional(),
    assetIn: party,
    assetOut: party,
    amountIn: amount,
    amountOut: amount,
  }),
  z.strictObject({
    kind: z.literal('control'),
    change: z.enum([
      'owner-changed',
      'role-granted',
      'role-revoked',
      'implementation-changed',
      'admin-changed',
      'beacon-changed',
      'paused',
      'unpaused',
    ]),
    contract: party,
    subject: party.optional(),
    role: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('action'),
    action: z.enum(actionKinds),
    contract: party,
    actor: party.optional(),
    beneficiary: party.optional(),
    given: z.array(z.strictObject({ asset: party, amount })).default([]),
    taken: z.array(z.strictObject({ asset: party, amount })).default([]),
    protocol: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('approval'), asset: party, owner: party, spender: party, amount }),
  z.strictObject({
    kind: z.literal('valuation'),
    source: party,
    reader: party.optional(),
    selector: z.string().default('0x00000000'),
    answer: z.array(amount),
  }),
])
export type CaseFact = z.infer<typeof factSchema>

const callSchema = z.strictObject({
  type: z.enum(['CALL', 'STATICCALL', 'DELEGATECALL', 'CREATE']).default('CALL'),
  from: party.optional(),
  to: party,
  /** A selector, or a signature such as `pause()`. */
  function: z.string().optional(),
  value: amount.default(0),
  reverted: z.boolean().default(false),
  reason: z.string().optional(),
})

const transactionSchema = z.strictObject({
  from: party,
  to: party.optional(),
  function: z.string().optional(),
  value: amount.default(0),
  failed: z.boolean().default(false),
  facts: z.array(factSchema).default([]),
  calls: z.array(callSchema).default([]),
  /** The number of equal transactions; `#` in a name becomes 0, 1, 2… */
  times: z.number().int().min(1).max(10_000).default(1),
  /** True where the rule must flag this transaction. */
  flags: z.boolean().default(false),
})
export type CaseTransaction = z.infer<typeof transactionSchema>

/** Constructed blocks: their events, their times, and the transactions that the rule must flag. */
export const caseSchema = z.strictObject({
  name: z.string().min(1),
  protect: z.array(party).default([]),
  blocks: z
    .array(
      z.strictObject({
        /** Seconds since the start of the test. */
        at: z.number().int().min(0).max(100_000_000).default(0),
        /** The answers of the rule's reads after this block, by name. */
        reads: z.record(z.string(), amount).optional(),
        transactions: z.array(transactionSchema).min(1),
      }),
    )
    .min(1),
})
export type BuiltCase = z.infer<typeof caseSchema>
