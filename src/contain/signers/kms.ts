import { createPublicKey } from 'node:crypto'
import { keccak256, numberToHex, serializeSignature, serializeTransaction } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { z } from 'zod'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { Signer } from '../signer.ts'
import { signerLied, signerOf, typedDataHash } from '../signer.ts'

/** The part of a cloud's key service that Cordon uses: a secp256k1 key that never leaves it. */
export type Kms = {
  /** SubjectPublicKeyInfo, DER or PEM. */
  publicKey(): Promise<Uint8Array | string>
  /** ECDSA over these 32 bytes as they are; the signature is in DER. */
  sign(digest: Uint8Array): Promise<Uint8Array>
}

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

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
  const { r, s } = parseDer(der, address)
  const low = s > CURVE_ORDER / 2n ? CURVE_ORDER - s : s
  for (const yParity of [0, 1] as const) {
    const signature = { r: numberToHex(r, { size: 32 }), s: numberToHex(low, { size: 32 }), yParity }
    if ((await signerOf(hash, serializeSignature(signature))) === address) return signature
  }
  throw signerLied(address, 'the signature is not by the key that the KMS shows')
}

/** SEQUENCE { INTEGER r, INTEGER s }, both within the curve's order. */
function parseDer(der: Uint8Array, address: Address): { r: bigint; s: bigint } {
  const notDer = (): CordonError => signerLied(address, 'its signature is not DER')
  const integer = (at: number): { value: bigint; end: number } => {
    const length = der[at + 1] ?? 0
    const end = at + 2 + length
    if (der[at] !== 0x02 || length === 0 || length > 33 || end > der.length) throw notDer()
    const value = BigInt(`0x${Buffer.from(der.slice(at + 2, end)).toString('hex')}`)
    if (value === 0n || value >= CURVE_ORDER) throw notDer()
    return { value, end }
  }
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw notDer()
  const r = integer(2)
  const s = integer(r.end)
  if (s.end !== der.length) throw notDer()
  return { r: r.value, s: s.value }
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
