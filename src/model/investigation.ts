import { z } from 'zod'
import { actorSchema } from './actor.ts'
import { counterfactualSchema } from './counterfactual.ts'
import { assetSchema, evidenceItemSchema, findingSchema } from './finding.ts'
import { fundFlowSchema } from './fund-flow.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'
import { proposalSchema } from './proposal.ts'
import { loserClasses, scopeSchema } from './scope-at-risk.ts'
import { tokenSchema } from './token.ts'

/** Dollars with two decimals, as text: money is never a float. */
const usdSchema = z.string().regex(/^-?\d+\.\d{2}$/)

/** Net change of one account and asset over all transactions, base units, signed; gas is not counted. */
export const balanceChangeSchema = z.object({
  account: addressSchema,
  asset: assetSchema,
  tokenId: amountSchema.nullable(),
  amount: amountSchema,
  /** At the prices of `prices`; left out where there is none. */
  usd: usdSchema.optional(),
  side: z.enum(['actor', 'victim', 'other']),
})
export type BalanceChange = z.infer<typeof balanceChangeSchema>

/** A weakness by its name in a public list. */
export const weaknessSchema = z.object({
  list: z.enum(['OWASP Smart Contract Top 10 (2025)', 'SWC']),
  id: z.string(),
  title: z.string(),
})
export type Weakness = z.infer<typeof weaknessSchema>

/** A statement about what made the attack possible, with all that it stands on. */
export const hypothesisSchema = z.object({
  category: z.string(),
  /** The likeliest place of the weakness; null where none is known. */
  contract: addressSchema.nullable(),
  /** The function of it, by signature where that is known, else its selector; null where none is known. */
  function: z.string().nullable(),
  statement: z.string(),
  /** 0 to 1: how sure the rule is; not a probability. */
  confidence: z.number().min(0).max(1),
  weakness: weaknessSchema.nullable(),
  evidence: z.array(evidenceItemSchema.extend({ transactionHash: hashSchema.nullable() })),
})
export type Hypothesis = z.infer<typeof hypothesisSchema>

const lossSchema = z.object({
  asset: assetSchema,
  tokenId: amountSchema.nullable(),
  /** base units, positive */
  amount: amountSchema,
  usd: usdSchema.optional(),
  /** `reads`: the token answered so, and no transfer says it. */
  by: z.literal('reads').optional(),
})

export const stepSchema = z.object({
  transactionHash: hashSchema,
  /** By index in execution order; −1 where the frame is not known. */
  frame: z.number().int(),
  text: z.string(),
})
export type InvestigationStep = z.infer<typeof stepSchema>

const argumentsSchema = z.array(
  z.object({ name: z.string().nullable(), type: z.string(), value: z.string() }),
)

/** What bytes of a frame mean, and how that is known. */
export const decodedSchema = z.object({
  frame: z.number().int(),
  kind: z.enum(['call', 'error', 'log']),
  /** Whose code was called, failed, or emitted. */
  address: addressSchema.nullable(),
  /** In order of trust; `guessed` is from bytecode: types without names. */
  source: z.enum(['given', 'shipped', 'table', 'guessed']),
  signature: z.string(),
  /** Null where the data does not fit the signature. */
  arguments: argumentsSchema.nullable(),
  /** Where a given ABI tells their types. */
  returned: argumentsSchema.optional(),
})
export type DecodedRecord = z.infer<typeof decodedSchema>

/** One storage slot that a transaction changed, and what its parts are called where a layout is known. */
export const slotChangeSchema = z.object({
  address: addressSchema,
  slot: hashSchema,
  before: hashSchema,
  after: hashSchema,
  /** Frames that read or wrote it, where accesses were recorded. */
  readIn: z.array(z.number().int()),
  writtenIn: z.array(z.number().int()),
  /** Parts whose value changed. */
  parts: z.array(z.object({ name: z.string(), type: z.string(), before: z.string(), after: z.string() })),
})
export type SlotChange = z.infer<typeof slotChangeSchema>

/** One transaction of an investigation: how it went, what was called, what the detectors say. */
export const investigatedSchema = z.object({
  hash: hashSchema,
  blockNumber: z.number().int(),
  from: addressSchema.nullable(),
  to: addressSchema.nullable(),
  succeeded: z.boolean().nullable(),
  frames: z.number().int(),
  /** Where token movements come from; `calls` are what was asked for, believed less. */
  movementsFrom: z.enum(['logs', 'calls']),
  findings: z.array(findingSchema),
  blind: z.array(z.string()),
  /** The call tree, a line a frame. */
  tree: z.array(z.string()),
  /** Where a failed transaction's reason began, and the reason in words. */
  failure: z.object({ frame: z.number().int(), reason: z.string() }).optional(),
  /** Calls, errors and logs that could be decoded, in order of execution. */
  calls: z.array(decodedSchema).optional(),
  /** What changed in storage, where it was asked for and the node tells it. */
  stateChanges: z.array(slotChangeSchema).optional(),
})
export type Investigated = z.infer<typeof investigatedSchema>

/** An Investigation: what happened, to whom, by whom, and why it could, each statement with its evidence. */
export const investigationSchema = z.object({
  type: z.literal('investigation'),
  chainId: z.number().int(),
  transactions: z.array(investigatedSchema),
  rootCause: z.object({
    /** `unknown` where no hypothesis could be made. */
    category: z.string(),
    contract: addressSchema.nullable(),
    function: z.string().nullable(),
    /** Where the function is defined, from 1, where its source was given. */
    line: z.number().int().nullable(),
    file: z.string().nullable(),
    weakness: weaknessSchema.nullable(),
    confidence: z.number().min(0).max(1),
    /** The likeliest first. */
    hypotheses: z.array(hypothesisSchema),
  }),
  /** The first frame in which protected contracts did what their history, learned or declared, does not allow; null where none did. */
  divergence: z
    .object({ transactionHash: hashSchema, frame: z.number().int().min(0), statement: z.string() })
    .nullable(),
  /** The likeliest vulnerable contract first. */
  victims: z.array(
    z.object({
      address: addressSchema,
      /** What it has less of; what it got for it is in `balanceChanges`. */
      loss: z.array(lossSchema),
      /** True where it ended itself and nobody recorded how much of the coin it had: that is lost besides. */
      coinUnknown: z.literal(true).optional(),
      /** All its changes in dollars, negative for a loss; where all have a price. */
      netUsd: usdSchema.optional(),
    }),
  ),
  /** Losses by what the losers were to the protocol. */
  lossByClass: z.array(
    z.object({ class: z.enum(loserClasses), accounts: z.number().int(), loss: z.array(lossSchema) }),
  ),
  attackers: z.object({ accounts: z.array(addressSchema), contracts: z.array(addressSchema) }),
  actors: z.array(actorSchema),
  balanceChanges: z.array(balanceChangeSchema),
  /** What each group of attackers that acts together has more or less of, all its accounts and contracts summed; gas is not counted. */
  profits: z.array(
    z.object({
      /** The account that sent their transactions, or the actor itself where it is alone. */
      cluster: addressSchema,
      members: z.array(addressSchema),
      change: z.array(
        z.object({
          asset: assetSchema,
          tokenId: amountSchema.nullable(),
          /** base units, signed */
          amount: amountSchema,
          usd: usdSchema.optional(),
        }),
      ),
    }),
  ),
  /** Minted less burned, signed: with it the changes of each asset sum to zero. */
  issued: z.array(z.object({ asset: assetSchema, tokenId: amountSchema.nullable(), amount: amountSchema })),
  /** What the attacker did, in order, in plain words. */
  steps: z.array(stepSchema),
  /** What the assets are called, with decimals, and who says so. */
  assets: z.array(tokenSchema),
  /** asset → dollars for one base unit times 10^36, where that comes from, and how far it is to be believed (0 to 1). */
  prices: z.array(
    z.object({
      asset: assetSchema,
      usdPerUnitE36: amountSchema,
      source: z.string(),
      confidence: z.number().min(0).max(1),
    }),
  ),
  /** Where what was stolen went within these transactions; `cordon funds follow` goes on from there. */
  fundFlow: fundFlowSchema,
  /** What else is at risk: as these transactions show it, and as the record, given addresses and the node do where asked. */
  scope: scopeSchema,
  /** What to do, by cause. */
  remediation: z.array(
    z.object({
      category: z.string(),
      contract: addressSchema.nullable(),
      when: z.enum(['now', 'before-reopening']),
      action: z.string(),
    }),
  ),
  /** Rules that would have told it, the quietest in the protocol’s past first; where a history was given. */
  proposals: z.array(proposalSchema).optional(),
  /** The attack run again with one thing altered each time, the most telling first; only where it was asked for. */
  counterfactuals: z.array(counterfactualSchema).optional(),
  /** What does not add up, or was not recorded: never hidden. */
  unexplained: z.array(z.string()),
})
export type Investigation = z.infer<typeof investigationSchema>

/** The first screen of an investigation: who lost what, by whom, and the likeliest cause. */
export type FirstScreen = Pick<Investigation, 'rootCause' | 'victims' | 'attackers' | 'assets'>
