import { encodeErrorResult, encodeFunctionData, parseAbi as viemAbi } from 'viem'
import { expect, test } from 'vitest'
import { cpuMilliseconds } from '../../test/harness/cpu-time.ts'
import type { Frame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { callTree, failureIn } from './call-tree.ts'
import { parseAbi } from './decode/abi.ts'
import { decodedCalls } from './decode/calls.ts'
import { createDecoder } from './decode/decoder.ts'

const A: Address = `0x${'aa'.repeat(20)}`
const B: Address = `0x${'bb'.repeat(20)}`

function frame(index: number, change: Partial<Frame> = {}): Frame {
  return {
    index,
    parent: index - 1,
    depth: index,
    end: index + 1,
    type: 'CALL',
    from: A,
    to: B,
    context: B,
    input: '0x12345678',
    output: '0x',
    value: 0n,
    gas: 0,
    gasUsed: 0,
    error: null,
    revertReason: null,
    reverted: false,
    logs: [],
    ...change,
  }
}

const options = { names: new Map([[B, 'Vault']]), marked: new Set<number>(), full: false }

test('reads are folded into a line that counts them, and shown in full on demand', () => {
  const frames = [frame(0), frame(1, { type: 'STATICCALL' }), frame(2, { type: 'DELEGATECALL' }), frame(3)]
  expect(callTree(frames, options).map((line) => line.trim())).toEqual([
    '0 CALL Vault 0x12345678',
    '… 2 reads',
    '3       CALL Vault 0x12345678',
  ])
  expect(callTree(frames, { ...options, full: true })).toHaveLength(4)
})

test('a frame that a finding points at is marked and never folded', () => {
  const [line] = callTree([frame(0, { type: 'STATICCALL' })], { ...options, marked: new Set([0]) })
  expect(line).toMatch(/^▶ +0 STATICCALL Vault/)
})

test('value, failure and its reason are told; a hostile reason cannot move the cursor', () => {
  const [line] = callTree(
    [frame(0, { value: 5n, error: 'execution reverted', revertReason: '\u001b[2Jgone' })],
    options,
  )
  expect(line).toContain('{5 wei}')
  expect(line).toContain('✗ ·[2Jgone')
})

test('a thousand-deep trace stays on the screen', () => {
  const frames = Array.from({ length: 1_000 }, (_, i) => frame(i))
  expect(Math.max(...callTree(frames, options).map((line) => line.length))).toBeLessThan(120)
})

/** Frames of a tree: `depth` of each in execution order, `end` and `parent` worked out. */
function tree(...nodes: readonly (Partial<Frame> & { depth: number })[]): Frame[] {
  return nodes.map((node, index) => {
    const after = nodes.findIndex((other, i) => i > index && other.depth <= node.depth)
    const parent = nodes.findLastIndex((other, i) => i < index && other.depth === node.depth - 1)
    return frame(index, { ...node, parent, end: after < 0 ? nodes.length : after })
  })
}

const trimmed = (lines: readonly string[]) => lines.map((line) => line.trim().replace(/ +/g, ' '))

test('a loop is shown once and counted, whatever its body', () => {
  const body = [
    { depth: 1, input: '0x11111111' },
    { depth: 1, input: '0x22222222' },
    { depth: 2, input: '0x33333333' },
  ] as const
  const frames = tree({ depth: 0 }, ...Array.from({ length: 15 }, () => body).flat())
  expect(trimmed(callTree(frames, options))).toEqual([
    '0 CALL Vault 0x12345678',
    '1 CALL Vault 0x11111111',
    '2 CALL Vault 0x22222222',
    '3 CALL Vault 0x33333333',
    '× 14 the same 2 calls (frames 4 to 45)',
  ])
  expect(callTree(frames, { ...options, full: true })).toHaveLength(46)
})

test('what a finding points at, or what ends otherwise, is never inside a loop', () => {
  const frames = tree({ depth: 0 }, ...Array.from({ length: 9 }, () => ({ depth: 1 })))
  const withMark = callTree(frames, { ...options, marked: new Set([5]) })
  expect(withMark.filter((line) => line.startsWith('▶'))).toHaveLength(1)
  const failing = frames.map((it) => (it.index === 5 ? { ...it, error: 'out of gas' } : it))
  expect(callTree(failing, options).some((line) => line.includes('✗ out of gas'))).toBe(true)
})

test('ten thousand calls and a thousand levels fold in no time', () => {
  const wide = tree({ depth: 0 }, ...Array.from({ length: 3_000 }, (_, i) => ({ depth: 1 + (i % 3) })))
  const deep = Array.from({ length: 1_000 }, (_, i) => frame(i, { end: 1_000 }))
  const start = cpuMilliseconds()
  callTree(wide, options)
  callTree(deep, options)
  expect(cpuMilliseconds() - start).toBeLessThan(1_000)
})

test('approvals are folded with the reads, calls deeper than asked for are counted', () => {
  const frames = tree(
    { depth: 0 },
    { depth: 1, input: `0x095ea7b3${'0'.repeat(128)}` },
    { depth: 1, type: 'STATICCALL' },
    { depth: 1 },
    { depth: 2 },
    { depth: 3 },
  )
  expect(trimmed(callTree(frames, options)).slice(0, 2)).toEqual([
    '0 CALL Vault 0x12345678',
    '… 1 approval, 1 read',
  ])
  expect(trimmed(callTree(frames, { ...options, view: { depth: 1 } })).at(-1)).toBe('… 2 deeper calls')
})

const VAULT_ABI = viemAbi([
  'function pay(address who, string note) returns (bool)',
  'error Denied(address who)',
])
const decoder = createDecoder({ shipped: new Map(), abis: [{ address: null, abi: parseAbi(VAULT_ABI) }] })
const pay = (note: string) => encodeFunctionData({ abi: VAULT_ABI, functionName: 'pay', args: [A, note] })

test('a search shows what matches by name, address, selector or argument, with the calls around it', () => {
  const frames = tree({ depth: 0 }, { depth: 1 }, { depth: 2, input: pay('needle') }, { depth: 1 })
  const find = (text: string) => trimmed(callTree(frames, { ...options, decoder, view: { find: text } }))
  expect(find('NEEDLE')).toEqual([
    '0 CALL Vault 0x12345678',
    '1 CALL Vault 0x12345678',
    `» 2 CALL Vault pay(who: ${A}, note: "needle")`,
    '1 of 4 frames',
  ])
  expect(find('pay(')).toHaveLength(4)
  expect(find(pay('').slice(0, 10))).toHaveLength(4)
  expect(find('nothing of the kind')).toEqual(['0 of 4 frames'])
})

test('a failure is told where it began: the deepest frame whose reason went all the way up', () => {
  const output = encodeErrorResult({ abi: VAULT_ABI, errorName: 'Denied', args: [A] })
  const failed = { error: 'execution reverted', output }
  const frames = tree(
    { depth: 0, ...failed },
    { depth: 1, error: 'out of gas' },
    { depth: 1, ...failed },
    { depth: 2, ...failed },
  )
  expect(failureIn(frames, { ...options, decoder })).toEqual({ frame: 3, reason: `Denied(who: ${A})` })
  expect(failureIn(tree({ depth: 0 }), options)).toBeUndefined()
})

test('names, texts and reasons of strangers are inert in the tree and in the record', () => {
  const hostile = '<img src=x onerror=alert(1)>[click](https://evil.example)`x`|\u001b[2J\u202egnp.exe\u2066'
  const output = encodeErrorResult({ abi: viemAbi(['error Error(string)']), args: [hostile] })
  const frames = tree(
    { depth: 0, error: 'execution reverted', output },
    { depth: 1, input: pay(hostile) },
    { depth: 1, error: 'execution reverted', revertReason: hostile },
  )
  const shown = [
    ...callTree(frames, { ...options, decoder, full: true }),
    ...callTree(frames, { ...options, decoder, view: { find: 'pay' } }),
    failureIn(frames, { ...options, decoder })?.reason ?? '',
    JSON.stringify(decodedCalls(frames, decoder)),
  ].join('\n')
  expect(shown).toContain('u003cimg')
  // Nothing that a terminal, HTML or Markdown acts on; the quotes, brackets and colons are our own.
  expect(shown).not.toMatch(
    /[<>`|]|\]\(|:\/\/|[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/,
  )
})
