import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import type { Asset } from '../model/block.ts'
import { assetSchema } from '../model/finding.ts'
import { givenAddressSchema } from '../model/given-address.ts'
import { type Address, amountSchema, hashSchema, ZERO_ADDRESS } from '../model/hex.ts'

/** The loss of one account in one asset, base units. */
export const accountLossSchema = z.object({
  account: givenAddressSchema,
  asset: assetSchema,
  amount: amountSchema,
})
export type AccountLoss = z.infer<typeof accountLossSchema>

const claimSchema = accountLossSchema.extend({ proof: z.array(hashSchema) })
export const claimsSchema = z.object({
  type: z.literal('claims'),
  /**
   * Of a tree with leaves `keccak256(keccak256(abi.encode(account, asset, amount)))`, in the form that OpenZeppelin’s
   * MerkleProof checks.
   */
  root: hashSchema,
  /** The chain’s own coin is the zero address in the leaves. */
  leaf: z.tuple([z.literal('address account'), z.literal('address asset'), z.literal('uint256 amount')]),
  totals: z.array(z.object({ asset: assetSchema, amount: amountSchema, accounts: z.number().int() })),
  claims: z.array(claimSchema),
})
export type Claims = z.infer<typeof claimsSchema>

const LEAF = ['address', 'address', 'uint256']
const MOST = 2n ** 256n - 1n

/**
 * A Merkle tree of claims: losses of the same account and asset are summed, the rest is sorted, so the same losses in
 * any order give the same root. Throws `forensics.NoClaims`, `forensics.InvalidLoss` with the line.
 */
export function claimsOf(losses: readonly AccountLoss[]): Claims {
  const summed = new Map<string, AccountLoss>()
  for (const [i, { account, asset, amount }] of losses.entries()) {
    if (amount <= 0n || account === ZERO_ADDRESS) throw invalidLoss(i, { account, asset, amount })
    const key = `${account}/${asset}`
    const sum = amount + (summed.get(key)?.amount ?? 0n)
    if (sum > MOST) throw invalidLoss(i, { account, asset, amount })
    summed.set(key, { account, asset, amount: sum })
  }
  if (summed.size === 0) throw noClaims()
  const sorted = [...summed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, loss]) => loss)
  const tree = StandardMerkleTree.of(sorted.map(leafOf), LEAF)
  return {
    type: 'claims',
    root: hashSchema.parse(tree.root),
    leaf: ['address account', 'address asset', 'uint256 amount'],
    totals: totalsOf(sorted),
    claims: sorted.map((loss, i) => ({
      ...loss,
      proof: tree.getProof(i).map((hash) => hashSchema.parse(hash)),
    })),
  }
}

function leafOf({ account, asset, amount }: AccountLoss): [string, string, string] {
  return [account, asset === 'native' ? ZERO_ADDRESS : asset, amount.toString()]
}

function totalsOf(losses: readonly AccountLoss[]): Claims['totals'] {
  const totals = new Map<Asset, { amount: bigint; accounts: number }>()
  for (const { asset, amount } of losses) {
    const total = totals.get(asset) ?? { amount: 0n, accounts: 0 }
    totals.set(asset, { amount: total.amount + amount, accounts: total.accounts + 1 })
  }
  return [...totals].map(([asset, total]) => ({ asset, ...total }))
}

/** The flaw in a file of claims, or null: the root is that of the losses, and each proof leads to it. */
export function flawIn({ root, claims }: Claims): string | null {
  const again = claimsOf(claims)
  if (again.root !== root) return `the losses give the root ${again.root}, the file says ${root}`
  const wrong = claims.find(
    (claim) => !StandardMerkleTree.verify(root, LEAF, leafOf(claim), [...claim.proof]),
  )
  return wrong === undefined
    ? null
    : `the proof of ${wrong.account} for ${wrong.asset} does not lead to the root`
}

export type Sharing = {
  /** account → shares at the block */
  holders: ReadonlyMap<Address, bigint>
  asset: Asset
  /** The amount to share, base units. */
  amount: bigint
}

/**
 * Shares a loss among holders in proportion, by largest remainder: the shares sum to the amount exactly. Equal
 * remainders are ordered by address, so the same holders give the same shares.
 */
export function shareOut({ holders, asset, amount }: Sharing): AccountLoss[] {
  const total = [...holders.values()].reduce((sum, shares) => sum + shares, 0n)
  if (total <= 0n || amount <= 0n) throw noClaims()
  const parts = [...holders].map(([account, shares]) => ({
    account,
    part: (shares * amount) / total,
    rest: (shares * amount) % total,
  }))
  const left = Number(amount - parts.reduce((sum, { part }) => sum + part, 0n))
  const favoured = new Set(
    [...parts]
      .sort((a, b) => (a.rest === b.rest ? (a.account < b.account ? -1 : 1) : a.rest > b.rest ? -1 : 1))
      .slice(0, left)
      .map(({ account }) => account),
  )
  return parts
    .map(({ account, part }) => ({ account, asset, amount: part + (favoured.has(account) ? 1n : 0n) }))
    .filter((loss) => loss.amount > 0n)
}

function noClaims(): CordonError {
  return new CordonError({
    code: 'forensics.NoClaims',
    message: 'There is nothing to claim.',
    fix: 'Give losses of at least one account, and holders with shares.',
  })
}

function invalidLoss(index: number, loss: AccountLoss): CordonError {
  return new CordonError({
    code: 'forensics.InvalidLoss',
    message: 'A loss is not above zero, is larger than a uint256, or belongs to the zero address.',
    facts: { place: index + 1, ...loss, amount: loss.amount.toString() },
    fix: 'Give base units above zero, and an account that can claim.',
  })
}
