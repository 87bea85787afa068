import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact, redactFacts } from './redact.ts'

const TOKEN = `0x${'a0'.repeat(20)}`

test.each([
  ['https://rpc.example/v2/KEY123', 'https://rpc.example/[redacted]'],
  ['wss://rpc.example:8546?key=KEY123', 'wss://rpc.example:8546/[redacted]'],
  ['https://user:KEY123@rpc.example', 'https://rpc.example'],
  ['postgresql://cordon:KEY123@db.example:5432/cordon', 'postgresql://db.example:5432/[redacted]'],
  ['HTTPS://rpc.example#KEY123', 'HTTPS://rpc.example/[redacted]'],
  ['http://127.0.0.1:8545', 'http://127.0.0.1:8545'],
  ['http://127.0.0.1:8545/', 'http://127.0.0.1:8545/'],
])('%s is shown as %s', (url, shown) => {
  expect(redact(`asked ${url} twice`)).toBe(`asked ${shown} twice`)
})

test('an @ behind the host does not make the key the host', () => {
  for (const url of [
    'https://rpc.example/v2/x@KEY123',
    'https://rpc.example?user=x@KEY123',
    'https://user:pass/x@KEY123/y@rpc.example/z',
  ])
    expect(redact(url)).not.toContain('KEY123')
})

test('no part of a URL but its host is printed, whatever the path holds', () => {
  const part = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~@:/?#=&'), maxLength: 20 })
  fc.assert(
    fc.property(part, part, (before, after) => {
      expect(redact(`https://rpc.example/${before}SECRET${after}`)).not.toContain('SECRET')
    }),
    { seed: 20_260_101 },
  )
})

test.each([
  'Authorization: Bearer abcdef0123456789',
  'the api_key=abcdef0123456789 was refused',
  'password: abcdef0123456789',
  'token abcdef0123456789',
  'whsec_abcdef0123456789',
])('the secret in “%s” is hidden', (text) => {
  expect(redact(text)).not.toContain('abcdef0123456789')
  expect(redact(text)).toContain('[redacted]')
})

test('the name and the address of a token on a chain are no secrets', () => {
  for (const text of [
    `no price for token ${TOKEN}`,
    'the token contract has no decimals',
    'the token balances of tokenised deposits',
  ])
    expect(redact(text)).toBe(text)
  expect(redactFacts({ token: TOKEN, apiToken: 'x' })).toEqual({ token: TOKEN, apiToken: '[redacted]' })
})

test('facts are redacted at every depth, and amounts stay readable', () => {
  expect(
    redactFacts({
      nodes: [{ url: 'https://rpc.example/KEY123' }],
      privateKey: `0x${'11'.repeat(32)}`,
      hash: `0x${'22'.repeat(32)}`,
      wei: 10n ** 20n,
      count: 3,
      none: null,
      absent: undefined,
      held: true,
    }),
  ).toEqual({
    nodes: [{ url: 'https://rpc.example/[redacted]' }],
    privateKey: '[redacted]',
    hash: `0x${'22'.repeat(32)}`,
    wei: '100000000000000000000',
    count: 3,
    none: null,
    absent: undefined,
    held: true,
  })
})

test.each([
  'PRIVATE_KEY',
  'webhookSecret',
  'dbPassword',
  'passphrase',
  'mnemonic',
  'authorization',
  'API_KEY',
])('a fact named %s is hidden whole', (name) => {
  expect(redactFacts({ [name]: { parts: [1] } })).toEqual({ [name]: '[redacted]' })
})
