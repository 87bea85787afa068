import { expect, test } from 'vitest'
import { keystoreSigner, newKeystore } from './keystore.ts'
import { keySigner, trySigning } from './signer.ts'

// The two test vectors of the Web3 Secret Storage definition.
const SECRET = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const PASSWORD = 'testpassword'
const vectors = {
  pbkdf2: {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262_144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
  scrypt: {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
      ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
      kdf: 'scrypt',
      kdfparams: {
        dklen: 32,
        n: 262_144,
        p: 8,
        r: 1,
        salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
      },
      mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
}
const CHEAP = { n: 1_024, r: 8, p: 1 }

test.each(['pbkdf2', 'scrypt'] as const)('the %s test vector of the definition opens', async (kdf) => {
  const signer = await keystoreSigner(JSON.stringify(vectors[kdf]), PASSWORD)
  expect(signer.address).toBe(keySigner(`0x${SECRET}`).address)
  await trySigning(signer)
})

test('a new keystore opens with its password, and shows neither it nor a key', async () => {
  const { address, text } = await newKeystore('correct horse', CHEAP)
  expect(text).not.toContain('correct horse')
  expect((await keystoreSigner(text, 'correct horse')).address).toBe(address)
  expect((await newKeystore('correct horse', CHEAP)).address).not.toBe(address)
})

test('another password is refused without being shown', async () => {
  const { text } = await newKeystore('correct horse', CHEAP)
  const error = await keystoreSigner(text, 'battery staple').catch((thrown: unknown) => thrown)
  expect(error).toMatchInlineSnapshot(`
    [contain.WrongPassword: The password does not open the keystore.
    Fix: Check the environment variable that signers[].passwordEnv names; a line break at its end counts.]
  `)
  expect(String(error)).not.toContain('battery')
})

test('a keystore whose address is not its key’s is refused', async () => {
  const { text } = await newKeystore('x', CHEAP)
  const other = text.replace(/"address": "\w+"/, `"address": "${'ab'.repeat(20)}"`)
  await expect(keystoreSigner(other, 'x')).rejects.toMatchObject({ code: 'contain.BadKeystore' })
})

const broken: [string, unknown][] = [
  ['an older version', { ...vectors.scrypt, version: 1 }],
  ['a bomb of memory', withParams({ n: 2 ** 40, r: 8, p: 1, dklen: 32, salt: '00' })],
  ['scrypt with an n that is no power of two', withParams({ n: 1_000, r: 8, p: 1, dklen: 32, salt: '00' })],
  ['nothing', null],
]
function withParams(kdfparams: unknown): unknown {
  return { ...vectors.scrypt, crypto: { ...vectors.scrypt.crypto, kdfparams } }
}
test.each(broken)('%s is refused as a keystore', async (_, document) => {
  await expect(keystoreSigner(JSON.stringify(document), 'x')).rejects.toMatchObject({
    code: 'contain.BadKeystore',
  })
})

test('a file that is no JSON says so', async () => {
  const error = await keystoreSigner(`0x${SECRET}`, 'x').catch((thrown: unknown) => thrown)
  expect(error).toMatchInlineSnapshot(`
    [contain.BadKeystore: The keystore cannot be read: it is not JSON.
      reason: it is not JSON
    Fix: Give a Web3 Secret Storage file of version 3 (geth, Clef, or \`cordon signers new --keystore FILE\`).]
  `)
  expect(String(error)).not.toContain(SECRET)
})
