import { z } from 'zod'
import type { Asset } from './block.ts'
import { assetSchema } from './finding.ts'
import { type Address, addressSchema, amountSchema, hashSchema, hexSchema } from './hex.ts'

const accountSchema = z.object({
  balance: amountSchema,
  nonce: z.number().int().min(0),
  code: hexSchema,
  storage: z.record(hashSchema, hashSchema),
})
export type FrozenAccount = z.infer<typeof accountSchema>

const transactionSchema = z.object({
  hash: hashSchema,
  /** `attack` must no longer pay; `legitimate` must still succeed. */
  is: z.enum(['attack', 'legitimate']),
  from: addressSchema,
  to: addressSchema.nullable(),
  input: hexSchema,
  value: amountSchema,
  gas: amountSchema,
  /** Seconds since the epoch, and the block's number: contracts may read both. */
  timestamp: z.number().int(),
  blockNumber: z.number().int(),
})
export type FrozenTransaction = z.infer<typeof transactionSchema>

/**
 * A Regression: transactions frozen with all the state that they touched, so that they can run again anywhere, without
 * an RPC.
 */
export const regressionSchema = z.object({
  type: z.literal('regression'),
  version: z.literal(1),
  chainId: z.number().int().positive(),
  transactions: z.array(transactionSchema).min(1).max(1_000),
  prestate: z.record(addressSchema, accountSchema),
  /** The attackers' gains after the attacks, base units: none of it may be gained again for the same price or less. */
  gains: z.array(z.object({ account: addressSchema, asset: assetSchema, amount: amountSchema })),
  /** The price that all of them together paid for it, base units. */
  given: z.array(z.object({ asset: assetSchema, amount: amountSchema })),
  attackers: z.array(addressSchema),
  /**
   * The victims' losses, base units: the measure of an attack whose accounts gained nothing measurable (the loot went
   * to another account, was burnt, or is not a fungible token). None of it may be lost again.
   */
  losses: z
    .array(z.object({ account: addressSchema, asset: assetSchema, amount: amountSchema }))
    .exactOptional(),
})
export type Regression = z.infer<typeof regressionSchema>

/** The result of one frozen transaction this time. */
export type Rerun = {
  hash: FrozenTransaction['hash']
  is: FrozenTransaction['is']
  succeeded: boolean
  /** The part of `gains` that was gained again: base units. */
  gained: Regression['gains']
  /** How much more the attackers paid than in the attack: an account that pays the price has not attacked. */
  givenMore: Regression['given']
  /** The part of `losses` that was lost again: base units. */
  lost: Regression['gains']
  /** False where the outcome differed even without a fix, or the node rejected it: then it proves nothing. */
  reproduced: boolean
  /**
   * It was reproduced, and either it is an attack that gains nothing beyond what was paid for, or a legitimate
   * transaction that succeeds.
   */
  passed: boolean
}

/** The change in an account's holding of an asset, base units, signed. */
export type Change = { account: Address; asset: Asset; amount: bigint }

/** The amount of each asset that a group lost, summed; coin is left out, because gas would count as a price. */
export function givenBy(group: ReadonlySet<Address>, changes: readonly Change[]): Regression['given'] {
  const net = new Map<Asset, bigint>()
  for (const { account, asset, amount } of changes)
    if (group.has(account) && asset !== 'native') net.set(asset, (net.get(asset) ?? 0n) + amount)
  return [...net].filter(([, amount]) => amount < 0n).map(([asset, amount]) => ({ asset, amount: -amount }))
}

export type Profit = Pick<Rerun, 'gained' | 'givenMore' | 'lost'>

/** The part of the attack's gains in these changes, and what the attackers paid for it beyond the price then. */
export function profitIn(
  changes: readonly Change[],
  { gains, given, attackers, losses = [] }: Pick<Regression, 'gains' | 'given' | 'attackers' | 'losses'>,
): Profit {
  const net = new Map<string, bigint>()
  for (const { account, asset, amount } of changes) {
    const key = `${account} ${asset}`
    net.set(key, (net.get(key) ?? 0n) + amount)
  }
  const had = ({ account, asset }: Regression['gains'][number]): bigint =>
    net.get(`${account} ${asset}`) ?? 0n
  const before = new Map(given.map(({ asset, amount }) => [asset, amount]))
  return {
    gained: gains.map((one) => ({ ...one, amount: had(one) })).filter(({ amount }) => amount > 0n),
    lost: losses.map((one) => ({ ...one, amount: -had(one) })).filter(({ amount }) => amount > 0n),
    givenMore: givenBy(new Set(attackers), changes)
      .map(({ asset, amount }) => ({ asset, amount: amount - (before.get(asset) ?? 0n) }))
      .filter(({ amount }) => amount > 0n),
  }
}

/**
 * Something is gained for the attack's price or less (an account that pays the price has not attacked), or lost where
 * that counts.
 */
export function isProfit({ gained, givenMore, lost }: Profit): boolean {
  return (gained.length > 0 && givenMore.length === 0) || lost.length > 0
}
