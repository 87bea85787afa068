import type { Asset } from '../../model/block.ts'

/** A kind of asset that can be held: the contract, and the id if tokens are not interchangeable. */
export type AssetKey = string

export function keyOf({ asset, tokenId }: { asset: Asset; tokenId: bigint | null }): AssetKey {
  return tokenId === null ? asset : `${asset}/${tokenId}`
}

export function assetOf(key: AssetKey): { asset: Asset; tokenId: bigint | null } {
  const [asset, id] = key.split('/')
  return { asset: asset as Asset, tokenId: id === undefined ? null : BigInt(id) }
}
