import { toFunctionSelector } from 'viem'
import { z } from 'zod'
import { addressSchema, amountSchema, hexSchema } from './hex.ts'

/** What people do with a protocol. A lever is described by what it does to each of these, never by “paused: yes”. */
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

/** What a lever is for: the classes that an approval policy speaks of. */
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

/** How much a lever touches, the narrowest first. */
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
  /** How we know: `eth_call` from this address went through at this block. */
  evidence: z.string(),
  /** True where a signer for this address is at hand. */
  live: z.boolean(),
  /** wei at the pinned block */
  balance: amountSchema,
})
export type Authority = z.infer<typeof authoritySchema>

/** A view whose answer says whether a lever is pulled. */
export const stateReadSchema = z.object({
  to: addressSchema,
  data: hexSchema,
  /** Which 32-byte word of the answer, from 0. */
  word: z.number().int().min(0),
  /** 32 bytes: the bits of that word that matter. */
  mask: hexSchema,
  /** Pulled where any of these bits is set, where all are clear, or where they are exactly this. */
  pulled: z.union([z.enum(['set', 'clear']), hexSchema]),
  /** The view as people read it. */
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
  /** The lever template by which it was found. */
  template: z.string().default('pause'),
  protocol: z.string().default('unknown'),
  kind: leverKindSchema.default('pause'),
  breadth: breadthSchema.default('contract'),
  /** What of the protocol it touches, for people: a market, an asset, a holder. */
  scope: z.string().default(''),
  signature: z.string(),
  calldata: hexSchema,
  /** The call on the same target that takes it back; null where nothing does. */
  undo: z.object({ signature: z.string(), calldata: hexSchema }).nullable().default(null),
  /** Null where nobody known to us may pull it now. */
  authority: authoritySchema.nullable(),
  /** All of these say pulled while the lever is pulled; empty where no such view exists. */
  state: z.array(stateReadSchema).default([]),
  /** False where its state says that it is already pulled. */
  armed: z.boolean(),
  /** operation selector on the target → what happens to it while the lever is pulled, as it was tried */
  opEffects: z.record(z.string(), opEffectSchema),
  /** What the protocol's sources say of each kind of operation: a hypothesis until it is tried. */
  claims: z.partialRecord(operationKindSchema, opEffectSchema).default({}),
  trap: z.string().nullable().default(null),
  /** Seconds after which it ends by itself; null where it does not. */
  maxDurationSeconds: z.number().int().nullable().default(null),
  evidence: z.array(z.string()),
})

/** A Lever: one thing that someone is allowed to do on-chain to stop loss. */
export const leverSchema = z.preprocess(withState, lever)
export type Lever = z.infer<typeof lever>

/** Records of before state reads had the signature of one view that answers nonzero. */
function withState(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || !('stateView' in document)) return document
  const { stateView, ...rest } = document
  const to = 'target' in rest ? rest.target : undefined
  if (typeof stateView !== 'string') return rest
  return { ...rest, state: [{ ...viewRead(stateView), to }] }
}

/** The read of a view without arguments that answers nonzero while the lever is pulled. */
export function viewRead(signature: string): Omit<StateRead, 'to'> {
  return {
    data: toFunctionSelector(signature),
    word: 0,
    mask: ALL_BITS,
    pulled: 'set',
    text: signature,
  }
}
