import { expect, test } from 'vitest'
import { assert, unreachable } from './assert.ts'
import { asError, CordonError, messageOf } from './error.ts'
import { secretOf } from './secret.ts'

const options = { code: 'kit.Example', message: 'It failed.', fix: 'Do it again.' }

test('the message says what failed, the facts, and then the fix', () => {
  const error = new CordonError({
    ...options,
    facts: { file: 'a.json', wei: 5n, list: [1], none: undefined },
  })
  expect(error.message).toBe('It failed.\n  file: a.json\n  wei: 5\n  list: [1]\nFix: Do it again.')
  expect(error).toMatchObject({
    name: 'kit.Example',
    summary: 'It failed.',
    docsPath: 'docs/errors/kit.Example.md',
    retryable: false,
  })
})

test('a secret in message, fact, fix or cause is never kept', () => {
  const url = 'https://rpc.example/KEY123'
  const error = new CordonError({ code: 'kit.X', message: url, fix: url, facts: { url, token: 'KEY123' } })
  expect(JSON.stringify([error.message, error.facts, error.fix, error.stack])).not.toContain('KEY123')
  expect(messageOf(new Error(`${url}\nmore`))).toBe('https://rpc.example/[redacted]')
  expect(messageOf(url)).toBe('https://rpc.example/[redacted]')
})

test('the message of an error is its first line, of ours without facts', () => {
  expect(messageOf(new CordonError({ ...options, facts: { a: 1 } }))).toBe('It failed.')
  expect(messageOf(new Error('one\ntwo'))).toBe('one')
  expect(messageOf(7)).toBe('7')
})

test('any thrown value becomes an error, and an error stays itself', () => {
  const error = new Error('one')
  expect(asError(error)).toBe(error)
  expect(asError('text')).toMatchObject({ message: 'text' })
})

test('a broken invariant names itself', () => {
  expect(() => assert(false, 'the list is sorted')).toThrow('Broken invariant: the list is sorted')
  expect(() => assert(1, 'x')).not.toThrow()
  expect(() => unreachable('odd' as never)).toThrow('unreachable state "odd"')
})

test('a secret that is not set, or empty, is asked for by its variable and its setting', () => {
  expect(secretOf({ KEY: 'abc' }, 'KEY', 'signers[0]')).toBe('abc')
  for (const env of [{}, { KEY: '' }])
    expect(() => secretOf(env, 'KEY', 'signers[0]')).toThrow(/KEY is not set[\s\S]*signers\[0\]/)
})
