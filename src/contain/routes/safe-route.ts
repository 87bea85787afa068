import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { SafeSignature } from '../../model/safe.ts'
import type { Call } from '../reading/call.ts'
import { type Signer, type TypedData, typedDataHash } from '../signers/signer.ts'
import type { FoundRoute, Reach } from './reach.ts'
import { type OwnerSignature, readSafe, type Safe, safeTxHash, safeTypedData } from './safe.ts'

/** A Safe's own route: live where our signers among its owners and the signatures for its nonce reach the threshold. */
export async function safeRoutes(
  call: Call,
  of: { chainId: number; address: Address },
  reach: Reach,
): Promise<FoundRoute[]> {
  const safe = await readSafe(reach, of)
  if (safe === null) return []
  const signed = presignedFor(safe, call, reach.presigned).map(({ owner }) => owner)
  const ours = safe.owners.filter((owner) => reach.signers.includes(owner))
  const have = new Set([...ours, ...signed]).size
  const sender = reach.signers[0] ?? null
  const { address, threshold, owners, version } = safe
  return [
    {
      route: { kind: 'safe', safe: address, threshold, owners, version, sender },
      seconds: 0,
      isLive: have >= threshold && sender !== null,
      text: `Safe ${version}: ${have} of ${threshold} signatures at hand (${ours.length} owners here, ${signed.length} signed beforehand for nonce ${safe.nonce})`,
    },
  ]
}

/** The proposal that a Safe's owners sign for a plan, in the format of wallets and Safe's own tools. */
export type SafeProposal = { safe: Address; nonce: number; safeTxHash: Hash; typedData: TypedData }

/** The proposal of a plan for its Safe in the present state; null where its route is another one. */
export async function safeProposal(
  { lever, route }: Pick<ContainmentPlan, 'lever' | 'route'>,
  rpc: Rpc,
): Promise<SafeProposal | null> {
  if (route.kind !== 'safe') return null
  const safe = await readSafe({ rpc, block: 'latest' }, { chainId: lever.chainId, address: route.safe })
  if (safe === null) return null
  const call = { to: lever.target, data: lever.calldata, value: 0n }
  const typedData = safeTypedData(safe, call, safe.nonce)
  return { safe: safe.address, nonce: safe.nonce, safeTxHash: typedDataHash(typedData), typedData }
}

/** The signatures for exactly this call under the Safe's present nonce. */
export function presignedFor(safe: Safe, call: Call, presigned: readonly SafeSignature[]): SafeSignature[] {
  const hash = safeTxHash(safe, call, safe.nonce)
  return presigned.filter(({ safeTxHash: signed }) => signed === hash)
}

/** Signatures for the call under the Safe's nonce: the given ones, then as many of our owners' as are missing. */
export async function collectSignatures(
  safe: Safe,
  call: Call,
  { presigned, signers }: { presigned: readonly SafeSignature[]; signers: ReadonlyMap<Address, Signer> },
): Promise<OwnerSignature[]> {
  const collected: OwnerSignature[] = presignedFor(safe, call, presigned)
  const message = safeTypedData(safe, call, safe.nonce)
  for (const owner of safe.owners) {
    if (collected.length >= safe.threshold) break
    const signer = signers.get(owner)
    if (signer === undefined || collected.some((given) => given.owner === owner)) continue
    collected.push({ owner, signature: await signer.signTypedData(message) })
  }
  return collected
}
