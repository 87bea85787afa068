import { readFileSync } from 'node:fs'
import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { address } from '../../../test/harness/build.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { type Hex, hexSchema } from '../../model/hex.ts'
import { functionBody, sharedBody } from './function-body.ts'
import { withoutMetadata } from './opcodes.ts'
import { type Coded, siblingsOf } from './siblings.ts'

const artifactSchema = z.object({ deployedBytecode: z.union([hexSchema, z.object({ object: hexSchema })]) })

/** Runtime code as the compiler leaves it: immutables are zero. */
function runtime(contract: string): Hex {
  const raw: unknown = JSON.parse(readFileSync(`contracts/out/${contract}.json`, 'utf8'))
  const { deployedBytecode: code } = artifactSchema.parse(raw)
  return typeof code === 'string' ? code : code.object
}

const at = (name: string, code: Hex, implementation?: string): Coded => ({
  address: address(name),
  implementation: address(implementation ?? name),
  code,
})
const weak = at('weak', runtime('EthReserve'))
const look = (candidates: readonly Coded[], selector: Hex | null = null) =>
  siblingsOf(weak, { candidates, selector })

/** PUSH32 operands of zero are immutables that a constructor fills in. */
const filled = (code: Hex): Hex => code.replace(`7f${'0'.repeat(64)}`, `7f${'ab'.repeat(32)}`) as Hex
/** A tail as solc writes it. */
const metadata = (fill: string): string => `a264697066735822${fill.repeat(34)}64736f6c63430008210033`

test('the same code is a sibling; the weak contract itself, its own implementation and an empty account are none', () => {
  expect(look([at('twin', weak.code), weak, at('gone', '0x')])).toEqual([
    { address: address('twin'), match: 'exact', similarity: 1 },
  ])
})

test('metadata and immutables apart it is the same code, a byte of logic apart it is similar at most', () => {
  const [one, other] = [
    at('weak', `${weak.code}${metadata('11')}`),
    at('twin', `${weak.code}${metadata('22')}`),
  ]
  expect(withoutMetadata(one.code)).not.toBe(one.code)
  expect(siblingsOf(one, { candidates: [other], selector: null })).toMatchObject([
    { match: 'metadata-apart' },
  ])
  const option = at('weak', runtime('OptionsVault'))
  expect(filled(option.code)).not.toBe(option.code)
  const immutable = siblingsOf(option, { candidates: [at('twin', filled(option.code))], selector: null })
  expect(immutable).toMatchObject([{ match: 'immutables-apart', similarity: 1 }])
  // another small constant is another fee, limit or address: not the same contract
  const changed = option.code.replace('6001', '6002') as Hex
  expect(siblingsOf(option, { candidates: [at('twin', changed)], selector: null })).toMatchObject([
    { match: 'similar' },
  ])
})

test('proxies of the weak code are found by what they run, wherever they are', () => {
  const proxied = { ...weak, implementation: address('code') }
  const candidates = [at('other proxy', weak.code, 'code'), at('copy', weak.code)]
  expect(siblingsOf(proxied, { candidates, selector: null })).toMatchObject([
    { address: address('copy'), match: 'exact' },
    { address: address('other proxy'), match: 'same-implementation', implementation: address('code') },
  ])
})

test('another contract is no sibling', () => {
  expect(look([at('token', runtime('TestToken')), at('market', runtime('LendingMarket'))])).toEqual([])
})

test('the body of a function is found from the dispatcher, is the same wherever it stands, and is not another function’s', () => {
  const [withdraw, pause] = ['withdraw(uint256)', 'pause()'].map((name) => toFunctionSelector(name)) as [
    Hex,
    Hex,
  ]
  const own = functionBody(weak.code, withdraw)
  const other = functionBody(weak.code, pause)
  if (own === undefined || other === undefined) throw new Error('the dispatcher leads to neither')
  expect(sharedBody(own, own)).toBe(1)
  expect(sharedBody(own, other)).toBeLessThan(0.8)
  expect(functionBody(weak.code, '0xdeadbeef')).toBeUndefined()
})

test('a contract that shares the weak function only is told as such', () => {
  const push = (...ops: string[]): string => ops.join('')
  // dispatcher, then the function at 0x0040: SLOAD, external call, SSTORE
  const bodyAt = (place: number, rest: string): Hex => {
    const head = push(
      '5f3560e01c',
      '80',
      '63aabbccdd',
      '14',
      `61${place.toString(16).padStart(4, '0')}`,
      '57',
      '5f5ffd',
    )
    return `0x${head}${'00'.repeat(place - head.length / 2)}5b${'5f545f5f5f5f5f335af1505f5f55'}00${rest}`
  }
  const one = at('weak', bodyAt(64, '5b01'.repeat(60)))
  const two = at('other', bodyAt(300, '5b0380915033'.repeat(50)))
  const third = at('third', bodyAt(64, '5b01'.repeat(60)).replace('5f545f', '5f5f5f') as Hex)
  expect(siblingsOf(one, { candidates: [two], selector: '0xaabbccdd' })).toEqual([
    {
      address: two.address,
      match: 'same-function',
      similarity: 1,
      function: { selector: '0xaabbccdd', share: 1 },
    },
  ])
  expect(siblingsOf(one, { candidates: [two], selector: null })).toEqual([])
  expect(siblingsOf(two, { candidates: [third], selector: '0xaabbccdd' })).toEqual([])
})

test('hostile code is read in bounded time: endless pushes, jumps in a ring, megabytes', () => {
  const ring: Hex = `0x63aabbccdd14610008575b${'5b61000856'.repeat(30_000)}`
  const started = cpuMilliseconds()
  for (const code of [ring, `0x${'7f'.repeat(300_000)}`, `0x${'5b'.repeat(500_000)}`] as Hex[]) {
    functionBody(code, '0xaabbccdd')
    siblingsOf(at('weak', code), { candidates: [at('twin', code), at('odd', '0x6')], selector: '0xaabbccdd' })
  }
  expect(cpuMilliseconds() - started).toBeLessThan(5_000)
})
