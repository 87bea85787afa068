import { concatHex, hashMessage } from 'viem'
import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { type Address, addressSchema, type Hash, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'
import { type At, ask, type Call, encodeCall } from '../reading/call.ts'
import { signerOf, type TypedData, typedDataHash } from '../signers/signer.ts'

/** The state of a Safe at a block. */
export type Safe = {
  chainId: number
  address: Address
  version: string
  owners: Address[]
  threshold: number
  nonce: number
}

const stateSchema = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  owners: z.array(addressSchema).min(1).max(1_000),
  threshold: z.bigint().transform(Number),
  nonce: z.bigint().transform(Number),
})

/** A contract's own answers as a Safe, or null where it is not a Safe of version 1.0 or later. */
export async function readSafe(at: At, safe: { chainId: number; address: Address }): Promise<Safe | null> {
  const views = {
    version: 'VERSION() view returns (string)',
    owners: 'getOwners() view returns (address[])',
    threshold: 'getThreshold() view returns (uint256)',
    nonce: 'nonce() view returns (uint256)',
  }
  const answers = await Promise.all(
    Object.entries(views).map(async ([name, view]) => [
      name,
      (await ask(at, { to: safe.address, view }))?.[0],
    ]),
  )
  const parsed = stateSchema.safeParse(Object.fromEntries(answers))
  if (!parsed.success || /^0\./.test(parsed.data.version)) return null
  return { ...safe, ...parsed.data }
}

type SafeIdentity = Pick<Safe, 'chainId' | 'address' | 'version'>

/**
 * The EIP-712 message that owners sign: a CALL without refund and without gas of its own, so that an inner call that
 * fails reverts the whole transaction (`GS013`). The chain is in the domain since 1.3.0. Source: Safe.sol,
 * `getTransactionHash`.
 */
export function safeTypedData(safe: SafeIdentity, call: Call, nonce: number): TypedData {
  const hasChain = !/^1\.[0-2]\./.test(safe.version)
  return {
    domain: { ...(hasChain ? { chainId: safe.chainId } : {}), verifyingContract: safe.address },
    types: { SafeTx: SAFE_TX },
    primaryType: 'SafeTx',
    message: {
      to: call.to,
      value: call.value,
      data: call.data,
      operation: 0,
      safeTxGas: 0n,
      baseGas: 0n,
      gasPrice: 0n,
      gasToken: ZERO_ADDRESS,
      refundReceiver: ZERO_ADDRESS,
      nonce: BigInt(nonce),
    },
  }
}

const SAFE_TX = [
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'data', type: 'bytes' },
  { name: 'operation', type: 'uint8' },
  { name: 'safeTxGas', type: 'uint256' },
  { name: 'baseGas', type: 'uint256' },
  { name: 'gasPrice', type: 'uint256' },
  { name: 'gasToken', type: 'address' },
  { name: 'refundReceiver', type: 'address' },
  { name: 'nonce', type: 'uint256' },
]

export function safeTxHash(safe: SafeIdentity, call: Call, nonce: number): Hash {
  return typedDataHash(safeTypedData(safe, call, nonce))
}

/** An owner's signature over a SafeTx hash. */
export type OwnerSignature = { owner: Address; signature: Hex }

/**
 * The owner who made a signature, in the form that the Safe accepts; undefined where no owner made it. Wallets sign the
 * typed data, or the hash as a message (`eth_sign`), which the Safe distinguishes by a `v` that is four higher.
 */
export async function ownerSignature(
  hash: Hash,
  signature: Hex,
  owners: readonly Address[],
): Promise<OwnerSignature | undefined> {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return undefined
  const given = Number.parseInt(signature.slice(130), 16)
  const v = given < 2 ? given + 27 : given
  const isMessage = v === 31 || v === 32
  const plain: Hex = `${signature.slice(0, 130) as Hex}${(isMessage ? v - 4 : v).toString(16)}`
  const owner = await signerOf(isMessage ? hashMessage({ raw: hash }) : hash, plain)
  if (owner === undefined || !owners.includes(owner)) return undefined
  return { owner, signature: `${signature.slice(0, 130).toLowerCase() as Hex}${v.toString(16)}` }
}

/**
 * `execTransaction` with exactly as many signatures as the Safe requires, sorted by owner as it requires. Each must be
 * an owner's signature over the hash of its present nonce. Throws `contain.SafeNotSigned` where there are too few.
 */
export async function execTransaction(
  safe: Safe,
  call: Call,
  signatures: readonly OwnerSignature[],
): Promise<Call> {
  const hash = safeTxHash(safe, call, safe.nonce)
  const good = new Map<Address, Hex>()
  for (const { signature } of signatures) {
    const checked = await ownerSignature(hash, signature, safe.owners)
    if (checked !== undefined) good.set(checked.owner, checked.signature)
  }
  if (good.size < safe.threshold) throw notSigned(safe, hash, good.size)
  const sorted = [...good].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, safe.threshold)
  const { message } = safeTypedData(safe, call, safe.nonce)
  const args = SAFE_TX.slice(0, 9).map(({ name }) => message[name])
  return {
    to: safe.address,
    value: 0n,
    data: encodeCall(EXEC, [...args, concatHex(sorted.map(([, signature]) => signature))]),
  }
}

const EXEC =
  'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes) payable returns (bool)'

function notSigned({ address, threshold, nonce }: Safe, hash: Hash, have: number): CordonError {
  return new CordonError({
    code: 'contain.SafeNotSigned',
    message: `The Safe ${address} needs ${threshold} owners’ signatures; ${have} are good for its nonce ${nonce}.`,
    facts: { safe: address, safeTxHash: hash, nonce, threshold, have },
    fix: 'Have owners sign this SafeTx hash now, or sign pauses beforehand with `cordon levers presign`.',
  })
}
