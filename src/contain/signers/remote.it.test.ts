import { afterEach, expect, test } from 'vitest'
import { aTransaction, type FakeRemote, fakeRemote, signAsAsked } from '../../../test/harness/signing.ts'
import { remoteSigner } from './remote.ts'
import { keySigner, trySigning, type UnsignedTransaction } from './signer.ts'

const KEY = `0x${'4c'.repeat(32)}` as const
const OTHER = `0x${'5d'.repeat(32)}` as const
const { address } = keySigner(KEY)
const remotes: FakeRemote[] = []
afterEach(async () => {
  for (const remote of remotes.splice(0)) await remote.stop()
})

async function remote(answer: Parameters<typeof fakeRemote>[0]): Promise<FakeRemote> {
  const started = await fakeRemote(answer)
  remotes.push(started)
  return started
}

/** Signs a message that came over the wire, as Web3Signer does. */
function signMessage(message: unknown): Promise<string> {
  const { types, ...rest } = typeof message === 'string' ? JSON.parse(message) : (message as never)
  const { EIP712Domain: _, ...own } = types
  return keySigner(KEY).signTypedData({ ...rest, types: own })
}

test('Web3Signer: raw bytes for a transaction, a signature for a message, the token with both', async () => {
  const at = await remote(({ method, params }) => {
    if (method === 'eth_signTransaction') return signAsAsked(KEY, params)
    if (method === 'eth_signTypedData') return signMessage(params[1])
    throw { code: -32_601, message: 'Method not found' }
  })
  const signer = remoteSigner({ url: at.url, address, token: 'tttttttttttt' })
  expect(await signer.signTransaction(aTransaction)).toBe(await keySigner(KEY).signTransaction(aTransaction))
  await trySigning(signer)
  expect(new Set(at.requests.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer tttttttttttt']),
  )
})

test('Clef: an object around the bytes, and the message as an object', async () => {
  const at = await remote(async ({ method, params }) => {
    if (method === 'account_signTransaction') return { raw: await signAsAsked(KEY, params), tx: {} }
    return signMessage(params[1])
  })
  await trySigning(remoteSigner({ url: at.url, address, api: 'account' }))
  expect(at.requests.map(({ method }) => method)).toEqual([
    'account_signTypedData',
    'account_signTransaction',
  ])
})

const lies: [string, Partial<UnsignedTransaction>][] = [
  ['to', { to: `0x${'ee'.repeat(20)}` }],
  ['data', { data: '0x3f4ba83a' }],
  ['value', { value: 1n }],
  ['nonce', { nonce: 8 }],
  ['chainId', { chainId: 1 }],
  ['gas', { gas: 30_000_000n }],
  ['maxFeePerGas', { maxFeePerGas: 10n ** 12n }],
  ['maxPriorityFeePerGas', { maxPriorityFeePerGas: 10n ** 10n }],
]
test.each(lies)('a transaction with another %s than was asked for is refused', async (field, change) => {
  const at = await remote(({ params }) => signAsAsked(KEY, params, change))
  await expect(remoteSigner({ url: at.url, address }).signTransaction(aTransaction)).rejects.toMatchObject({
    code: 'contain.SignerLied',
    facts: { difference: `its ${field} is not what was asked for` },
  })
})

test.each([
  ['bytes by another key', () => signAsAsked(OTHER, [hexed()])],
  ['rubbish', () => '0xdeadbeef'],
  ['no hex', () => ({ tx: 1 })],
])('%s are refused', async (_, answer) => {
  const at = await remote(answer)
  await expect(remoteSigner({ url: at.url, address }).signTransaction(aTransaction)).rejects.toMatchObject({
    code: 'contain.SignerLied',
  })
})

test('a message signed by another key is refused', async () => {
  const at = await remote(() => keySigner(OTHER).signTypedData(aMessage))
  const error = await remoteSigner({ url: at.url, address })
    .signTypedData(aMessage)
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchInlineSnapshot(`
    [contain.SignerLied: The signer of 0xdb00079cad3e665853bf766efe26f4c38cdbdcda gave back something else than it was asked to sign: the signature of a message is not its own.
      address: 0xdb00079cad3e665853bf766efe26f4c38cdbdcda
      difference: the signature of a message is not its own
    Fix: Do not use this signer until you know why: check its address, its key and who can change its answers.]
  `)
})

test('a refusal is told in the signer’s words, without the token and the path of the URL', async () => {
  const at = await remote(() => {
    throw { code: -32_000, message: 'account is locked' }
  })
  const error = await remoteSigner({ url: at.url, address, token: 'tttttttttttt' })
    .signTransaction(aTransaction)
    .catch((thrown: unknown) => thrown)
  expect(String(error).replace(/127.0.0.1:\d+/, 'HOST')).toMatchInlineSnapshot(`
    "contain.SignerFailed: The signer of 0xdb00079cad3e665853bf766efe26f4c38cdbdcda did not sign: account is locked.
      address: 0xdb00079cad3e665853bf766efe26f4c38cdbdcda
      signer: http://HOST/[redacted]
      method: eth_signTransaction
      rpcCode: -32000
    Fix: Check that the signer is up, has this account unlocked, and lets Cordon ask (\`cordon signers check\`)."
  `)
  expect(JSON.stringify(error)).not.toMatch(/tttttt|signer-secret-path/)
})

test('one that is away is an error that may be tried again', async () => {
  const at = await fakeRemote(() => null)
  await at.stop()
  await expect(remoteSigner({ url: at.url, address }).signTransaction(aTransaction)).rejects.toMatchObject({
    code: 'contain.SignerFailed',
    retryable: true,
  })
})

const aMessage = {
  domain: { name: 'x' },
  types: { M: [{ name: 'a', type: 'uint256' }] },
  primaryType: 'M',
  message: { a: 1n },
}

function hexed(): Record<string, unknown> {
  const { to, data, ...numbers } = aTransaction
  return {
    to,
    data,
    ...Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, `0x${v.toString(16)}`])),
  }
}
