import { readFile } from 'node:fs/promises'
import { Keystore } from 'ox'
import { generatePrivateKey } from 'viem/accounts'
import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { envNameSchema } from '../../model/env-name.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { keySigner, type Signer } from './signer.ts'
import { signerKind } from './signer-kind.ts'

/** A file in Web3 Secret Storage and the variable with its password. */
export const keystoreKind = signerKind({
  kind: 'keystore',
  options: z.strictObject({
    /** Relative to the working directory. */
    path: z.string().min(1),
    passwordEnv: envNameSchema,
  }),
  open: async ({ path, passwordEnv }, { secret }) => {
    const password = secret(passwordEnv, 'passwordEnv')
    return keystoreSigner(await keystoreText(path), password)
  },
  from: ({ path }) => path,
})

async function keystoreText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    throw new CordonError({
      code: 'app.KeystoreUnreadable',
      message: `The keystore ${path} cannot be read.`,
      facts: { path },
      fix: 'Check signers[].path and its permissions; it is taken from the working directory.',
    })
  }
}

/*
 * Web3 Secret Storage, version 3: the format that geth, Clef, Web3Signer and most wallets write. The key is encrypted
 * with AES-128-CTR; the key for that comes from the password by scrypt or PBKDF2; a MAC detects a wrong password.
 * Source: ethereum.org, "Web3 secret storage definition".
 */

/** Hex digits, without 0x. */
const hexText = (bytes?: number) =>
  z
    .string()
    .regex(/^(0x)?([0-9a-fA-F]{2})*$/)
    .transform((text) => text.replace(/^0x/, '').toLowerCase())
    .refine((text) => bytes === undefined || text.length === 2 * bytes, `expected ${bytes} bytes`)

/** The most that a file may demand of this machine: 1 GB of memory, ten million rounds. */
const MOST_SCRYPT_BYTES = 2 ** 30
const MOST_ROUNDS = 10_000_000

const kdfSchema = z.discriminatedUnion('kdf', [
  z.object({
    kdf: z.literal('scrypt'),
    kdfparams: z
      .object({
        n: z.number().int().min(2),
        r: z.number().int().min(1).max(64),
        p: z.number().int().min(1).max(64),
        dklen: z.literal(32),
        salt: hexText(),
      })
      .refine(({ n, r }) => 128 * n * r <= MOST_SCRYPT_BYTES, 'asks for more than 1 GB of memory'),
  }),
  z.object({
    kdf: z.literal('pbkdf2'),
    kdfparams: z.object({
      c: z.number().int().min(1).max(MOST_ROUNDS),
      prf: z.literal('hmac-sha256'),
      dklen: z.literal(32),
      salt: hexText(),
    }),
  }),
])

const cryptoSchema = z
  .object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hexText(16) }),
    ciphertext: hexText(32),
    mac: hexText(32),
  })
  .and(kdfSchema)

/** Some wallets spell the field with a capital. */
const keystoreSchema = z.preprocess(
  (document) =>
    typeof document === 'object' && document !== null && 'Crypto' in document && !('crypto' in document)
      ? { ...document, crypto: document.Crypto }
      : document,
  z.object({
    version: z.literal(3),
    id: z.string().default(''),
    address: z.string().optional(),
    crypto: cryptoSchema,
  }),
)

/**
 * A signer over the key of an encrypted keystore file. Throws `contain.BadKeystore` where the text is not such a file,
 * and `contain.WrongPassword`.
 */
export async function keystoreSigner(text: string, password: string): Promise<Signer> {
  const keystore = parseKeystore(text)
  const derived = await Keystore.toKeyAsync(keystore, { password }).catch(() => {
    throw badKeystore('its scrypt parameters are not usable (n a power of two)')
  })
  const signer = keySigner(decrypted(keystore, derived))
  const named = keystore.address?.toLowerCase().replace(/^0x/, '')
  if (named !== undefined && `0x${named}` !== signer.address)
    throw badKeystore('its address is not its key’s')
  return signer
}

/** Decrypts the key; the MAC in the file detects a wrong password. */
function decrypted(keystore: Keystore.Keystore, key: Keystore.Key): Hex {
  try {
    return Keystore.decrypt(keystore, key)
  } catch {
    throw wrongPassword()
  }
}

/** The cost of one guess for an attacker, for new keystores: geth's standard. 256 MB of memory. */
const STANDARD: Cost = { n: 262_144, r: 8, p: 1 }

type Cost = { n: number; r: number; p: number }

/** A new key, encrypted with a password, as the text of a keystore file. No return value contains the key. */
export async function newKeystore(
  password: string,
  cost: Cost = STANDARD,
): Promise<{ address: Address; text: string }> {
  return keystoreOf(generatePrivateKey(), password, cost)
}

/** A private key as the text of a keystore file. */
export async function keystoreOf(
  key: Hex,
  password: string,
  cost: Cost,
): Promise<{ address: Address; text: string }> {
  const { address } = keySigner(key)
  const [derived, options] = await Keystore.scryptAsync({ password, ...cost })
  const document = { address: address.slice(2), ...Keystore.encrypt(key, derived, options) }
  return { address, text: `${JSON.stringify(document, null, 2)}\n` }
}

function parseKeystore(text: string): z.infer<typeof keystoreSchema> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw badKeystore('it is not JSON')
  }
  const parsed = keystoreSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw badKeystore(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not valid'}`)
}

function badKeystore(reason: string): CordonError {
  return new CordonError({
    code: 'contain.BadKeystore',
    message: `The keystore cannot be read: ${reason}.`,
    facts: { reason },
    fix: 'Give a Web3 Secret Storage file of version 3 (geth, Clef, or `cordon signers new --keystore FILE`).',
  })
}

function wrongPassword(): CordonError {
  return new CordonError({
    code: 'contain.WrongPassword',
    message: 'The password does not open the keystore.',
    fix: 'Check the environment variable that signers[].passwordEnv names; a line break at its end counts.',
  })
}
