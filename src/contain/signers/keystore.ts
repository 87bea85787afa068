import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { keccak256 } from 'viem'
import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { envNameSchema } from '../../model/env-name.ts'
import type { Address } from '../../model/hex.ts'
import { keySigner, type Signer } from '../signer.ts'
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
 * Web3 Secret Storage, version 3: the format of geth, Clef, Web3Signer and most wallets. The key is encrypted with
 * AES-128-CTR; the encryption key is derived from the password by scrypt or PBKDF2; a MAC detects a wrong password.
 * Source: ethereum.org, "Web3 secret storage definition".
 */

const bytes = z
  .string()
  .regex(/^(0x)?([0-9a-fA-F]{2})*$/)
  .transform((text) => Buffer.from(text.replace(/^0x/, ''), 'hex'))

/** The maximum cost that a file may impose on this machine: 1 GB of memory, ten million rounds. */
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
        salt: bytes,
      })
      .refine(({ n, r }) => 128 * n * r <= MOST_SCRYPT_BYTES, 'asks for more than 1 GB of memory'),
  }),
  z.object({
    kdf: z.literal('pbkdf2'),
    kdfparams: z.object({
      c: z.number().int().min(1).max(MOST_ROUNDS),
      prf: z.literal('hmac-sha256'),
      dklen: z.literal(32),
      salt: bytes,
    }),
  }),
])

const cryptoSchema = z
  .object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: bytes.refine((iv) => iv.length === 16) }),
    ciphertext: bytes.refine((text) => text.length === 32),
    mac: bytes.refine((mac) => mac.length === 32),
  })
  .and(kdfSchema)

/** Some wallets spell the field with a capital. */
const keystoreSchema = z.preprocess(
  (document) =>
    typeof document === 'object' && document !== null && 'Crypto' in document && !('crypto' in document)
      ? { ...document, crypto: document.Crypto }
      : document,
  z.object({ version: z.literal(3), address: z.string().optional(), crypto: cryptoSchema }),
)
type Keystore = z.infer<typeof keystoreSchema>

/**
 * A signer over the key of an encrypted keystore file. Neither password nor key is kept in a string that outlives this
 * call. Throws `contain.BadKeystore` where the text is not such a file, `contain.WrongPassword`.
 */
export async function keystoreSigner(text: string, password: string): Promise<Signer> {
  const keystore = parseKeystore(text)
  const derived = await deriveKey(keystore, password)
  const { ciphertext, mac, cipherparams } = keystore.crypto
  if (!timingSafeEqual(macOf(derived, ciphertext), mac)) throw wrongPassword()
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), cipherparams.iv)
  const key = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  const signer = keySigner(`0x${key.toString('hex')}`)
  key.fill(0)
  const named = keystore.address?.toLowerCase().replace(/^0x/, '')
  if (named !== undefined && `0x${named}` !== signer.address)
    throw badKeystore('its address is not its key’s')
  return signer
}

/** The cost of a guess for an attacker in new keystores: geth's standard. 256 MB and about half a second here. */
const STANDARD = { n: 262_144, r: 8, p: 1, dklen: 32 } as const

type Cost = { n: number; r: number; p: number }

/** A new key, encrypted with a password, as the text of a keystore file. The key is not part of any return value. */
export async function newKeystore(
  password: string,
  cost: Cost = STANDARD,
): Promise<{ address: Address; text: string }> {
  return keystoreOf(freshKey(), password, cost)
}

/** A 32-byte key, which is zeroed afterwards, as the text of a keystore file. */
export async function keystoreOf(
  key: Buffer,
  password: string,
  { n, r, p }: Cost,
): Promise<{ address: Address; text: string }> {
  const { address } = keySigner(`0x${key.toString('hex')}`)
  const [salt, iv] = [randomBytes(32), randomBytes(16)]
  const derived = await deriveScrypt(password, { n, r, p, salt })
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()])
  key.fill(0)
  const document = {
    version: 3,
    id: randomUUID(),
    address: address.slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams: { n, r, p, dklen: 32, salt: salt.toString('hex') },
      mac: macOf(derived, ciphertext).toString('hex'),
    },
  }
  return { address, text: `${JSON.stringify(document, null, 2)}\n` }
}

/** 32 bytes that are a valid key of the curve: all but one in 2^128 are. */
function freshKey(): Buffer {
  for (;;) {
    const key = randomBytes(32)
    try {
      keySigner(`0x${key.toString('hex')}`)
      return key
    } catch {
      // not a key: draw others
    }
  }
}

function parseKeystore(text: string): Keystore {
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

function deriveKey({ crypto }: Keystore, password: string): Promise<Buffer> {
  switch (crypto.kdf) {
    case 'scrypt':
      return deriveScrypt(password, crypto.kdfparams)
    case 'pbkdf2':
      return promisify(pbkdf2)(password, crypto.kdfparams.salt, crypto.kdfparams.c, 32, 'sha256')
  }
}

type ScryptParams = { n: number; r: number; p: number; salt: Buffer }

/**
 * OpenSSL enforces RFC 7914, n below 2^(16 r); one of the definition's own test vectors violates it, real files do not.
 */
function deriveScrypt(password: string, { n, r, p, salt }: ScryptParams): Promise<Buffer> {
  const maxmem = MOST_SCRYPT_BYTES + 128 * r * p + 2 ** 20
  return new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, 32, { N: n, r, p, maxmem }, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    )
  }).catch(() => {
    throw badKeystore('its scrypt parameters are not usable here (n a power of two below 2^(16 r))')
  })
}

function macOf(derived: Buffer, ciphertext: Buffer): Buffer {
  return Buffer.from(keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext]), 'bytes'))
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
