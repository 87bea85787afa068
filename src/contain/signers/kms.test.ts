import { recoverTransactionAddress } from 'viem'
import { expect, test } from 'vitest'
import { aTransaction, der, fakeKms } from '../../../test/harness/signing.ts'
import { awsKms, gcpKms } from './cloud.ts'
import { kmsSigner } from './kms.ts'
import { assertSigned, keySigner, trySigning } from './signer.ts'

test('a KMS that signs with a high s gives transactions and messages that Ethereum takes', async () => {
  for (let round = 0; round < 8; round++) {
    const kms = fakeKms()
    const signer = await kmsSigner(kms)
    expect(signer.address).toBe(keySigner(kms.privateKey).address)
    const raw = await signer.signTransaction(aTransaction)
    await assertSigned(raw, aTransaction, signer.address)
    expect(raw).toBe(await keySigner(kms.privateKey).signTransaction(aTransaction))
    await trySigning(signer)
  }
})

test('the public key may come as PEM', async () => {
  const kms = fakeKms()
  const signer = await kmsSigner({ ...kms, publicKey: async () => kms.pem })
  expect(signer.address).toBe(keySigner(kms.privateKey).address)
})

test('a signature by another key is refused', async () => {
  const signer = await kmsSigner({ ...fakeKms(), sign: fakeKms().sign })
  await expect(signer.signTransaction(aTransaction)).rejects.toMatchObject({ code: 'contain.SignerLied' })
})

test.each([
  ['nothing', new Uint8Array()],
  ['zeros', der(0n, 1n)],
  ['an r past the curve’s order', der(2n ** 256n - 1n, 1n)],
  ['a tail', Uint8Array.from([...der(1n, 1n), 0])],
  ['a length that lies', Uint8Array.from([0x30, 6, 2, 33, 1, 2, 1, 1])],
])('%s is no signature', async (_, bytes) => {
  const signer = await kmsSigner({ ...fakeKms(), sign: async () => bytes })
  await expect(signer.signTransaction(aTransaction)).rejects.toMatchObject({ code: 'contain.SignerLied' })
})

test('a key of another curve is refused', async () => {
  expect(await kmsSigner(fakeKms('prime256v1')).catch((thrown: unknown) => thrown)).toMatchInlineSnapshot(`
    [contain.WrongCurve: The key of the KMS is not a secp256k1 key.
    Fix: Make an ECC_SECG_P256K1 key for signing (AWS), or EC_SIGN_SECP256K1_SHA256 in an HSM (Google), and name that.]
  `)
})

test('a KMS that is away is an error that may be tried again', async () => {
  const away = { ...fakeKms(), publicKey: () => Promise.reject(new Error('AccessDeniedException')) }
  const error = await kmsSigner(away).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ retryable: true })
  expect(error).toMatchInlineSnapshot(`
    [contain.KmsFailed: The KMS did not give the public key: AccessDeniedException
    Fix: Check keyId, region and credentials, and that this identity may sign with the key and read its public part.]
  `)
})

test('AWS: the digest itself is signed, with the key that is named', async () => {
  const kms = fakeKms()
  const asked: unknown[] = []
  const signer = await kmsSigner(
    await awsKms({ keyId: 'alias/pause', region: 'eu-west-1' }, async () => fakeAws(kms, asked)),
  )
  const serializedTransaction = (await signer.signTransaction(aTransaction)) as `0x02${string}`
  expect((await recoverTransactionAddress({ serializedTransaction })).toLowerCase()).toBe(signer.address)
  expect(asked).toEqual([
    { KeyId: 'alias/pause' },
    expect.objectContaining({
      KeyId: 'alias/pause',
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    }),
  ])
})

test('Google: the digest itself is signed, with the key version that is named', async () => {
  const kms = fakeKms()
  const signer = await kmsSigner(await gcpKms({ keyId: 'projects/p/…/1' }, async () => fakeGoogle(kms)))
  await trySigning(signer)
  expect(signer.address).toBe(keySigner(kms.privateKey).address)
})

test('a cloud’s package that is not installed is named', async () => {
  expect(await awsKms({ keyId: 'k' }).catch((thrown: unknown) => thrown)).toMatchInlineSnapshot(`
    [contain.KmsMissing: A signer needs the package @aws-sdk/client-kms, which is not installed.
      package: @aws-sdk/client-kms
    Fix: Install it beside Cordon: npm install @aws-sdk/client-kms]
  `)
})

function fakeAws(kms: ReturnType<typeof fakeKms>, asked: unknown[]): unknown {
  class Command {
    readonly input: Record<string, unknown>
    constructor(input: Record<string, unknown>) {
      this.input = input
      asked.push(input)
    }
  }
  class GetPublicKeyCommand extends Command {}
  class SignCommand extends Command {}
  class KMSClient {
    async send(command: Command): Promise<unknown> {
      if (command instanceof GetPublicKeyCommand) return { PublicKey: await kms.publicKey() }
      return { Signature: await kms.sign(command.input['Message'] as Uint8Array) }
    }
  }
  return { KMSClient, GetPublicKeyCommand, SignCommand }
}

function fakeGoogle(kms: ReturnType<typeof fakeKms>): unknown {
  class KeyManagementServiceClient {
    async getPublicKey(): Promise<unknown> {
      return [{ pem: kms.pem }, undefined, undefined]
    }
    async asymmetricSign({ digest }: { digest: { sha256: Uint8Array } }): Promise<unknown> {
      return [{ signature: await kms.sign(digest.sha256) }, undefined, undefined]
    }
  }
  return { KeyManagementServiceClient }
}
