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
  /** Seconds since the epoch, and the block's number: contracts may look at both. */
  timestamp: z.number().int(),
  blockNumber: z.number().int(),
})
export type FrozenTransaction = z.infer<typeof transactionSchema>

/** A Regression: transactions frozen with all the state that they touched, so that they run again anywhere, without an RPC. */
export const regressionSchema = z.object({
  type: z.literal('regression'),
  version: z.literal(1),
  chainId: z.number().int().positive(),
  transactions: z.array(transactionSchema).min(1).max(1_000),
  prestate: z.record(addressSchema, accountSchema),
  /** What the attackers had more after the attacks, base units: none of it may be had again for no more than was given. */
  gains: z.array(z.object({ account: addressSchema, asset: assetSchema, amount: amountSchema })),
  /** What they gave for it, all of them together, base units. */
  given: z.array(z.object({ asset: assetSchema, amount: amountSchema })),
  attackers: z.array(addressSchema),
  /**
   * What the victims lost, base units: what an attack is judged by where its accounts gained nothing that can be measured (the
   * loot went to somebody else, was burnt, or is no fungible token). None of it may be lost again.
   */
  losses: z
    .array(z.object({ account: addressSchema, asset: assetSchema, amount: amountSchema }))
    .exactOptional(),
})
export type Regression = z.infer<typeof regressionSchema>

/** How one frozen transaction went this time. */
export type Rerun = {
  hash: FrozenTransaction['hash']
  is: FrozenTransaction['is']
  succeeded: boolean
  /** Of `gains`, what was had again: base units. */
  gained: Regression['gains']
  /** Of what the attackers gave, how much more than then: who pays the price has not attacked. */
  givenMore: Regression['given']
  /** Of `losses`, what was lost again: base units. */
  lost: Regression['gains']
  /** False where it did not come out as it was even without a fix, or the node would not take it: then it says nothing. */
  reproduced: boolean
  /** It was reproduced, and: an attack that pays nothing, or nothing that was not paid for; a legitimate transaction that succeeds. */
  passed: boolean
}

/** What an account had more or less of an asset, base units, signed. */
export type Change = { account: Address; asset: Asset; amount: bigint }

/** What a group lost of each asset, summed; coin is left out, gas would count as a price. */
export function givenBy(group: ReadonlySet<Address>, changes: readonly Change[]): Regression['given'] {
  const net = new Map<Asset, bigint>()
  for (const { account, asset, amount } of changes)
    if (group.has(account) && asset !== 'native') net.set(asset, (net.get(asset) ?? 0n) + amount)
  return [...net].filter(([, amount]) => amount < 0n).map(([asset, amount]) => ({ asset, amount: -amount }))
}

export type Profit = Pick<Rerun, 'gained' | 'givenMore' | 'lost'>

/** What of the attack's gains is in these changes, and what the attackers gave for it above what they gave then. */
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

/** Something is gained for no more than was given then (who pays the price has not attacked), or lost where that counts. */
export function isProfit({ gained, givenMore, lost }: Profit): boolean {
  return (gained.length > 0 && givenMore.length === 0) || lost.length > 0
}
