import { expect, test } from 'vitest'
import type { Frame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { callTree } from './call-tree.ts'

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
