import { describe, expect, test } from 'vitest'
import { framesFromStructLog, type StructRoot } from './struct-log.ts'
import { toCallTracer } from './to-call-tracer.ts'

const A = `0x${'aa'.repeat(20)}` as const
const B = `0x${'bb'.repeat(20)}` as const
const root: StructRoot = { from: A, to: B, input: '0x', value: 0n, gas: 100, contractAddress: null }

type Raw = Record<string, unknown>
const step = (op: string, change: Raw = {}): Raw => ({
  pc: 0,
  op,
  gas: 90,
  gasCost: 3,
  depth: 1,
  stack: [],
  ...change,
})
const frames = (...structLogs: readonly Raw[]) =>
  framesFromStructLog({ gas: 21, failed: false, returnValue: '', structLogs }, root, 'trace')

test('words of stack and memory are read with 0x and without, short and long', () => {
  const padded = (hex: string) => hex.padStart(64, '0')
  for (const stack of [
    ['0x2a', '0x1'],
    [padded('2a'), padded('1')],
    ['2A', '01'],
  ])
    expect(frames(step('SSTORE', { stack }), step('STOP'))[0]?.storage).toEqual([
      { op: 'write', address: B, slot: `0x${padded('1')}`, value: `0x${padded('2a')}` },
    ])
})

test('they are written as callTracer’s', () => {
  expect(toCallTracer(frames(step('STOP')))).toEqual({
    type: 'CALL',
    from: A,
    to: B,
    input: '0x',
    gas: '0x64',
    gasUsed: '0x15',
    value: '0x0',
  })
})

test('a transaction without steps is its root', () => {
  expect(frames()).toHaveLength(1)
})

describe('what is no struct log', () => {
  const call = ['0x0', '0x0', '0x0', '0x0', '0x0', B, '0xff']
  test.each([
    ['no steps', {}, 'chain.MalformedField'],
    ['a step that is none', { structLogs: [7] }, 'chain.MalformedField'],
    ['an instruction without name', { structLogs: [step('ADD', { op: 1 })] }, 'chain.MalformedField'],
    ['depth zero', { structLogs: [step('ADD', { depth: 0 })] }, 'chain.MalformedField'],
    ['a stack too short', { structLogs: [step('SLOAD'), step('STOP')] }, 'chain.MalformedField'],
    [
      'a word that is none',
      { structLogs: [step('SLOAD', { stack: ['<b>'] }), step('STOP')] },
      'chain.MalformedField',
    ],
    [
      'memory of 2^200 bytes',
      {
        structLogs: [
          step('CALL', { stack: ['0x0', '0x0', `0x1${'0'.repeat(50)}`, ...call.slice(3)] }),
          step('STOP', { stack: ['0x1'] }),
        ],
      },
      'chain.MalformedField',
    ],
    ['steps left out', { structLogs: [step('ADD'), step('ADD', { depth: 3 })] }, 'chain.BrokenTrace'],
    ['no beginning', { structLogs: [step('ADD', { depth: 2 })] }, 'chain.BrokenTrace'],
  ])('%s', (_name, answer, code) => {
    expect(() => framesFromStructLog(answer, root, 'trace')).toThrow(expect.objectContaining({ code }))
  })

  test('the message of what is cut', () => {
    expect(() => frames(step('ADD'), step('ADD', { depth: 3 }))).toThrowErrorMatchingInlineSnapshot(`
      [chain.BrokenTrace: Steps of a trace are missing.
        field: trace
        step: 1
      Fix: The trace is cut off: request it again without a limit.]
    `)
  })
})
