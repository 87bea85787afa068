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

/** A statement about what made the attack possible, with all its evidence. */
export const hypothesisSchema = z.object({
  category: z.string(),
  /** The most likely place of the weakness; null where none is known. */
  contract: addressSchema.nullable(),
  /** Its function, by signature where that is known, else by selector; null where none is known. */
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
  /** `reads`: the token's answers show it, and no transfer does. */
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

/** The meaning of a frame's bytes, and its source. */
export const decodedSchema = z.object({
  frame: z.number().int(),
  kind: z.enum(['call', 'error', 'log']),
  /** The contract whose code was called, failed, or emitted. */
  address: addressSchema.nullable(),
  /** In order of trust; `guessed` is derived from bytecode: types without names. */
  source: z.enum(['given', 'shipped', 'table', 'guessed']),
  signature: z.string(),
  /** Null where the data does not fit the signature. */
  arguments: argumentsSchema.nullable(),
  /** Where a given ABI has their types. */
  returned: argumentsSchema.optional(),
})
export type DecodedRecord = z.infer<typeof decodedSchema>

/** One storage slot that a transaction changed, and the names of its parts where a layout is known. */
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

/** One transaction of an investigation: its outcome, its calls and the detectors' findings. */
export const investigatedSchema = z.object({
  hash: hashSchema,
  blockNumber: z.number().int(),
  from: addressSchema.nullable(),
  to: addressSchema.nullable(),
  succeeded: z.boolean().nullable(),
  frames: z.number().int(),
  /** The source of token movements; `calls` are requests, less trusted. */
  movementsFrom: z.enum(['logs', 'calls']),
  findings: z.array(findingSchema),
  blind: z.array(z.string()),
  /** The call tree, one line per frame. */
  tree: z.array(z.string()),
  /** The frame where the reason of a failed transaction originated, and the reason in words. */
  failure: z.object({ frame: z.number().int(), reason: z.string() }).optional(),
  /** Calls, errors and logs that could be decoded, in execution order. */
  calls: z.array(decodedSchema).optional(),
  /** The storage changes, where they were requested and the node provides them. */
  stateChanges: z.array(slotChangeSchema).optional(),
})
export type Investigated = z.infer<typeof investigatedSchema>

/** An Investigation: what happened, to whom, by whom, and why it was possible, each statement with its evidence. */
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
    /** The most likely first. */
    hypotheses: z.array(hypothesisSchema),
  }),
  /** The first frame in which protected contracts violated their learned or declared invariants; null if none did. */
  divergence: z
    .object({ transactionHash: hashSchema, frame: z.number().int().min(0), statement: z.string() })
    .nullable(),
  /** The most likely vulnerable contract first. */
  victims: z.array(
    z.object({
      address: addressSchema,
      /** The assets that it lost; what it received for them is in `balanceChanges`. */
      loss: z.array(lossSchema),
      /** True where it self-destructed and its coin balance was not recorded: that balance is lost too. */
      coinUnknown: z.literal(true).optional(),
      /** All its changes in dollars, negative for a loss; where all have a price. */
      netUsd: usdSchema.optional(),
      /** Why it is suspected to be the cause, the strongest reason first; left out for accounts that only lost. */
      reasons: z.array(z.string()).optional(),
    }),
  ),
  /** Losses by the losers' relation to the protocol. */
  lossByClass: z.array(
    z.object({ class: z.enum(loserClasses), accounts: z.number().int(), loss: z.array(lossSchema) }),
  ),
  attackers: z.object({ accounts: z.array(addressSchema), contracts: z.array(addressSchema) }),
  actors: z.array(actorSchema),
  balanceChanges: z.array(balanceChangeSchema),
  /**
   * The net change of each group of attackers that acts together, summed over all its accounts and contracts; gas is
   * not counted.
   */
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
  /** Minted less burned, signed: including it, the changes of each asset sum to zero. */
  issued: z.array(z.object({ asset: assetSchema, tokenId: amountSchema.nullable(), amount: amountSchema })),
  /** The attacker's actions, in order, in plain words. */
  steps: z.array(stepSchema),
  /** The names of the assets, with decimals, and their source. */
  assets: z.array(tokenSchema),
  /** asset → dollars for one base unit times 10^36, the source, and how far it is trusted (0 to 1). */
  prices: z.array(
    z.object({
      asset: assetSchema,
      usdPerUnitE36: amountSchema,
      source: z.string(),
      confidence: z.number().min(0).max(1),
    }),
  ),
  /** The path of the stolen assets within these transactions; `cordon funds follow` continues from there. */
  fundFlow: fundFlowSchema,
  /**
   * The other assets at risk: from these transactions, and on request from the record, given addresses and the node.
   */
  scope: scopeSchema,
  /** The recommended actions, by cause. */
  remediation: z.array(
    z.object({
      category: z.string(),
      contract: addressSchema.nullable(),
      when: z.enum(['now', 'before-reopening']),
      action: z.string(),
    }),
  ),
  /**
   * Rules that would have detected it, the one with the fewest alerts in the protocol’s past first; where a history was
   * given.
   */
  proposals: z.array(proposalSchema).optional(),
  /** The attack run again with one thing altered each time, the most informative first; only where requested. */
  counterfactuals: z.array(counterfactualSchema).optional(),
  /** Contradictions and missing data: never hidden. */
  unexplained: z.array(z.string()),
})
export type Investigation = z.infer<typeof investigationSchema>

/** The first screen of an investigation: the losers, the losses, the attacker and the most likely cause. */
export type FirstScreen = Pick<Investigation, 'rootCause' | 'victims' | 'attackers' | 'assets'>

/** The victims that lost something: others are named because their rule let it out. */
export function losersIn<T extends { loss: readonly unknown[]; coinUnknown?: true | undefined }>(
  victims: readonly T[],
): T[] {
  return victims.filter(({ loss, coinUnknown }) => loss.length > 0 || coinUnknown === true)
}
