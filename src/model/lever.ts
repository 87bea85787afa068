import { toFunctionSelector } from 'viem'
import { z } from 'zod'
import { addressSchema, amountSchema, hexSchema } from './hex.ts'

/** The ways people use a protocol. A lever is described by its effect on each of these, never by “paused: yes”. */
export const operationKinds = [
  'supply',
  'top-up',
  'repay',
  'borrow',
  'withdraw',
  'transfer',
  'trade',
  'close',
  'liquidate',
  'settle',
  'funding',
] as const
export const operationKindSchema = z.enum(operationKinds)
export type OperationKind = z.infer<typeof operationKindSchema>

export const opEffects = ['blocked', 'open', 'unknown'] as const
export const opEffectSchema = z.enum(opEffects)
export type OpEffect = z.infer<typeof opEffectSchema>

/** The purpose of a lever: the classes that an approval policy covers. */
export const leverKinds = [
  'pause',
  'freeze',
  'cap',
  'isolate',
  'cancel',
  'revoke',
  'feed',
  'request',
] as const
export const leverKindSchema = z.enum(leverKinds)
export type LeverKind = z.infer<typeof leverKindSchema>

/** The breadth of a lever's effect, the narrowest first. */
export const breadths = ['account', 'operation', 'asset', 'market', 'contract', 'system'] as const
export const breadthSchema = z.enum(breadths)
export type Breadth = z.infer<typeof breadthSchema>

export const authorityKinds = [
  'eoa',
  'contract',
  'safe',
  'roles',
  'access-manager',
  'timelock',
  'governor',
] as const

export const authoritySchema = z.object({
  kind: z.enum(authorityKinds),
  address: addressSchema,
  /** How it is known: `eth_call` from this address succeeded at this block. */
  evidence: z.string(),
  /** True where a signer for this address is available. */
  live: z.boolean(),
  /** wei at the pinned block */
  balance: amountSchema,
})
export type Authority = z.infer<typeof authoritySchema>

/** A view whose answer shows whether a lever is pulled. */
export const stateReadSchema = z.object({
  to: addressSchema,
  data: hexSchema,
  /** Which 32-byte word of the answer, from 0. */
  word: z.number().int().min(0),
  /** 32 bytes: the relevant bits of that word. */
  mask: hexSchema,
  /** Pulled where any of these bits is set, where all are clear, or where they equal exactly this value. */
  pulled: z.union([z.enum(['set', 'clear']), hexSchema]),
  /** The view in human-readable form. */
  text: z.string(),
})
export type StateRead = z.infer<typeof stateReadSchema>

export const ALL_BITS = `0x${'f'.repeat(64)}` as const

const lever = z.object({
  id: z.string(),
  chainId: z.number().int(),
  target: addressSchema,
  /** The address whose code answers (behind a proxy), or the target itself. */
  implementation: addressSchema,
  /** The lever template that found it. */
  template: z.string().default('pause'),
  protocol: z.string().default('unknown'),
  kind: leverKindSchema.default('pause'),
  breadth: breadthSchema.default('contract'),
  /** The affected part of the protocol, for people: a market, an asset, a holder. */
  scope: z.string().default(''),
  signature: z.string(),
  calldata: hexSchema,
  /** The call on the same target that undoes it; null where none does. */
  undo: z.object({ signature: z.string(), calldata: hexSchema }).nullable().default(null),
  /**
   * The required caller, where a call from any account succeeds but only this account's has an effect; null where the
   * caller is found by trying.
   */
  caller: addressSchema.nullable().default(null),
  /** Null where no known account may pull it now. */
  authority: authoritySchema.nullable(),
  /** All of these show pulled while the lever is pulled; empty where no such view exists. */
  state: z.array(stateReadSchema).default([]),
  /** False where its state shows that it is already pulled. */
  armed: z.boolean(),
  /** operation selector on the target → the tested effect on it while the lever is pulled */
  opEffects: z.record(z.string(), opEffectSchema),
  /** The effect on each kind of operation according to the protocol's sources: a hypothesis until it is tried. */
  claims: z.partialRecord(operationKindSchema, opEffectSchema).default({}),
  trap: z.string().nullable().default(null),
  /** Seconds after which it ends automatically; null where it does not. */
  maxDurationSeconds: z.number().int().nullable().default(null),
  evidence: z.array(z.string()),
})

/** A Lever: one action that someone may take on-chain to stop loss. */
export const leverSchema = z.preprocess(withState, lever)
export type Lever = z.infer<typeof lever>

/** Before state reads existed, records had the signature of one view that answers nonzero. */
function withState(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || !('stateView' in document)) return document
  const { stateView, ...rest } = document
  const to = 'target' in rest ? rest.target : undefined
  if (typeof stateView !== 'string') return rest
  return { ...rest, state: [{ ...viewRead(stateView), to }] }
}

/** A read of a view without arguments that answers nonzero while the lever is pulled. */
export function viewRead(signature: string): Omit<StateRead, 'to'> {
  return {
    data: toFunctionSelector(signature),
    word: 0,
    mask: ALL_BITS,
    pulled: 'set',
    text: signature,
  }
}
