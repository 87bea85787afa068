import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CordonError } from '../kit/error.ts'
import { createIo, EXIT, tellError } from './io.ts'

let out: string
let err: string

beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const { signal } = new AbortController()

test('people read lines and programs read JSON, each on stdout and never both', () => {
  for (const json of [false, true]) {
    const io = createIo({ json }, signal)
    io.say('a line')
    io.emit({ wei: 2n ** 70n })
  }
  expect(out).toBe('a line\n{"wei":"1180591620717411303424"}\n')
  expect(err).toBe('')
})

test('progress is for a terminal alone, is made safe to print, and is cleared before the next line', () => {
  const wasTerminal = process.stderr.isTTY
  try {
    process.stderr.isTTY = false
    createIo({}, signal).progress('1 of 2')
    process.stderr.isTTY = true
    createIo({ json: true }, signal).progress('1 of 2')
    expect(err).toBe('')
    const io = createIo({}, signal)
    io.progress('1 of 2 \u001b[31m')
    expect(err).toBe('\r\u001b[K1 of 2 ·[31m')
    io.say('done')
    io.say('more')
    expect(err).toBe('\r\u001b[K1 of 2 ·[31m\r\u001b[K')
  } finally {
    process.stderr.isTTY = wasTerminal
  }
})

const error = (code: string) =>
  new CordonError({ code, message: 'It failed.', facts: { file: 'a.json' }, fix: 'Do it again.' })

test('an error is told on stderr with its fix and its page', () => {
  expect(tellError(error('chain.WrongChain'), false)).toBe(EXIT.failed)
  expect(err).toBe(
    'chain.WrongChain: It failed.\n  file: a.json\nFix: Do it again.\nMore: docs/errors/chain.WrongChain.md\n',
  )
  err = ''
  tellError(error('chain.WrongChain'), true)
  expect(JSON.parse(err)).toEqual({
    type: 'error',
    code: 'chain.WrongChain',
    message: 'It failed.',
    facts: { file: 'a.json' },
    fix: 'Do it again.',
    docsPath: 'docs/errors/chain.WrongChain.md',
  })
  expect(out).toBe('')
})

test('a wrong command line or configuration exits 2, every other failure 1', () => {
  const codes = [
    'app.InvalidNumber',
    'app.ConfigMissing',
    'app.SecretMissing',
    'app.NothingNamed',
    'other.app.Invalid',
  ]
  expect(codes.map((code) => tellError(error(code), true))).toEqual([2, 2, 2, 1, 1])
})

test('an error that nobody foresaw is told without secrets, to people with its place', () => {
  const unforeseen = new Error('no answer from https://rpc.example/KEY123')
  expect(tellError(unforeseen, false)).toBe(EXIT.failed)
  expect(err).toMatch(/^Unexpected: no answer from https:\/\/rpc\.example\/\[redacted\]\n +at /)
  err = ''
  expect(tellError('text', true)).toBe(EXIT.failed)
  expect(JSON.parse(err)).toEqual({ type: 'error', code: 'unexpected', message: 'text' })
})
