import { createPublicKey } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1'
import { keccak256, numberToHex, serializeSignature, serializeTransaction } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { z } from 'zod'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { Signer } from './signer.ts'
import { signerLied, signerOf, typedDataHash } from './signer.ts'

/** The part of a cloud's key service that Cordon uses: a secp256k1 key that never leaves it. */
export type Kms = {
  /** SubjectPublicKeyInfo, DER or PEM. */
  publicKey(): Promise<Uint8Array | string>
  /** ECDSA over these 32 bytes as they are; the signature is in DER. */
  sign(digest: Uint8Array): Promise<Uint8Array>
}

/** A signer over a key in a cloud KMS. Throws `contain.KmsFailed` (retryable), `contain.SignerLied`. */
export async function kmsSigner(kms: Kms): Promise<Signer> {
  const address = addressOfKey(await asked('the public key', () => kms.publicKey()))
  return {
    address,
    async signTransaction(transaction) {
      const unsigned = { type: 'eip1559', ...transaction } as const
      const { r, s, yParity } = await signHash(kms, keccak256(serializeTransaction(unsigned)), address)
      return serializeTransaction(unsigned, { r, s, yParity })
    },
    async signTypedData(typedData) {
      return serializeSignature(await signHash(kms, typedDataHash(typedData), address))
    },
  }
}

type Signature = { r: Hex; s: Hex; yParity: 0 | 1 }

/**
 * A KMS returns neither the low s that Ethereum requires nor the parity: the s is normalised, the parity is found by
 * trying both.
 */
async function signHash(kms: Kms, hash: Hash, address: Address): Promise<Signature> {
  const der = await asked('a signature', () => kms.sign(Buffer.from(hash.slice(2), 'hex')))
  const { r, s: low } = lowSignature(der, address)
  for (const yParity of [0, 1] as const) {
    const signature = { r: numberToHex(r, { size: 32 }), s: numberToHex(low, { size: 32 }), yParity }
    if ((await signerOf(hash, serializeSignature(signature))) === address) return signature
  }
  throw signerLied(address, 'the signature is not by the key that the KMS shows')
}

/** The signature with the lower of the two s that are valid, which is the one that Ethereum takes. */
function lowSignature(der: Uint8Array, address: Address): { r: bigint; s: bigint } {
  try {
    return secp256k1.Signature.fromDER(der).normalizeS()
  } catch {
    throw signerLied(address, 'its signature is not DER')
  }
}

const jwkSchema = z.object({ crv: z.literal('secp256k1'), x: z.string(), y: z.string() })

function addressOfKey(key: Uint8Array | string): Address {
  const spki =
    typeof key === 'string' ? key : ({ key: Buffer.from(key), format: 'der', type: 'spki' } as const)
  let jwk: z.infer<typeof jwkSchema>
  try {
    jwk = jwkSchema.parse(createPublicKey(spki).export({ format: 'jwk' }))
  } catch {
    throw notSecp256k1()
  }
  const point = [jwk.x, jwk.y].map((part) => Buffer.from(part, 'base64url').toString('hex').padStart(64, '0'))
  return publicKeyToAddress(`0x04${point.join('')}`).toLowerCase() as Address
}

async function asked<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof CordonError) throw thrown
    throw new CordonError({
      code: 'contain.KmsFailed',
      message: `The KMS did not give ${what}: ${messageOf(thrown)}`,
      fix: 'Check keyId, region and credentials, and that this identity may sign with the key and read its public part.',
      retryable: true,
    })
  }
}

function notSecp256k1(): CordonError {
  return new CordonError({
    code: 'contain.WrongCurve',
    message: 'The key of the KMS is not a secp256k1 key.',
    fix: 'Make an ECC_SECG_P256K1 key for signing (AWS), or EC_SIGN_SECP256K1_SHA256 in an HSM (Google), and name that.',
  })
}
