import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { type Kms, kmsSigner } from './kms.ts'
import { signerKind } from './signer-kind.ts'

/** A key in AWS KMS. */
export const awsKmsKind = signerKind({
  kind: 'aws-kms',
  options: z.strictObject({ keyId: z.string().min(1), region: z.string().optional() }),
  open: async (options) => kmsSigner(await awsKms(options)),
  from: ({ keyId }) => keyId,
})

/** A key in Google Cloud KMS. */
export const gcpKmsKind = signerKind({
  kind: 'gcp-kms',
  options: z.strictObject({ keyId: z.string().min(1) }),
  open: async (options) => kmsSigner(await gcpKms(options)),
  from: ({ keyId }) => keyId,
})

/** Loads a package that is not one of Cordon's own; tests supply their own. */
export type LoadPackage = (name: string) => Promise<unknown>

const load: LoadPackage = (name) => import(name)

/** Functions of an external package: known only to be functions. */
type Constructor = new (options: unknown) => unknown
const constructible = z.custom<Constructor>((value) => typeof value === 'function')

const awsSchema = z.object({
  KMSClient: constructible,
  GetPublicKeyCommand: constructible,
  SignCommand: constructible,
})
type Sender = { send(command: unknown): Promise<unknown> }
const senderSchema = z.custom<Sender>(has('send'))
const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** A key in AWS KMS (`ECC_SECG_P256K1`, sign and verify). Credentials are found as by AWS's own client. */
export async function awsKms(
  { keyId, region }: { keyId: string; region?: string | undefined },
  loadPackage: LoadPackage = load,
): Promise<Kms> {
  const sdk = awsSchema.parse(await loaded('@aws-sdk/client-kms', loadPackage))
  const client = senderSchema.parse(new sdk.KMSClient(region === undefined ? {} : { region }))
  return {
    async publicKey() {
      const answer = await client.send(new sdk.GetPublicKeyCommand({ KeyId: keyId }))
      return z.object({ PublicKey: bytesSchema }).parse(answer).PublicKey
    },
    async sign(digest) {
      const asked = {
        KeyId: keyId,
        Message: digest,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }
      const answer = await client.send(new sdk.SignCommand(asked))
      return z.object({ Signature: bytesSchema }).parse(answer).Signature
    },
  }
}

const gcpSchema = z.object({ KeyManagementServiceClient: constructible })
type GoogleClient = {
  getPublicKey(request: unknown): Promise<unknown>
  asymmetricSign(request: unknown): Promise<unknown>
}
const googleSchema = z.custom<GoogleClient>(
  (value) => has('getPublicKey')(value) && has('asymmetricSign')(value),
)

/** A key version in Google Cloud KMS (`EC_SIGN_SECP256K1_SHA256`): `keyId` is its full resource name. */
export async function gcpKms({ keyId }: { keyId: string }, loadPackage: LoadPackage = load): Promise<Kms> {
  const sdk = gcpSchema.parse(await loaded('@google-cloud/kms', loadPackage))
  const client = googleSchema.parse(new sdk.KeyManagementServiceClient({}))
  return {
    async publicKey() {
      const [answer] = z
        .tuple([z.object({ pem: z.string() })], z.unknown())
        .parse(await client.getPublicKey({ name: keyId }))
      return answer.pem
    },
    async sign(digest) {
      const asked = { name: keyId, digest: { sha256: digest } }
      const [answer] = z
        .tuple([z.object({ signature: bytesSchema })], z.unknown())
        .parse(await client.asymmetricSign(asked))
      return answer.signature
    },
  }
}

function has(method: string): (value: unknown) => boolean {
  return (value) =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function'
}

async function loaded(name: string, loadPackage: LoadPackage): Promise<unknown> {
  try {
    return await loadPackage(name)
  } catch {
    throw new CordonError({
      code: 'contain.KmsMissing',
      message: `A signer needs the package ${name}, which is not installed.`,
      facts: { package: name },
      fix: `Install it beside Cordon: npm install ${name}`,
    })
  }
}
