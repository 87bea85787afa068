import fc from 'fast-check'
import {
  encodeAbiParameters,
  encodeErrorResult,
  encodeEventTopics,
  encodeFunctionData,
  parseAbi as viemAbi,
} from 'viem'
import { describe, expect, test } from 'vitest'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import type { Frame } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { hashOfSignature, parseAbi } from './abi.ts'
import { parseSignature, signatureText } from './abi-type.ts'
import { decodeParameters, encodeParameters } from './codec.ts'
import { createDecoder, type DecoderSources } from './decoder.ts'
import { renderArguments, renderError } from './render.ts'

const A: Address = `0x${'aa'.repeat(20)}`
const B: Address = `0x${'bb'.repeat(20)}`
const NOTHING: DecoderSources = { shipped: new Map() }
const RENDER = { nameOf: (address: Address) => address, most: { characters: 66, elements: 6 } }

const frameOf = (change: Partial<Frame>): Frame => ({
  index: 0,
  parent: -1,
  depth: 0,
  end: 1,
  type: 'CALL',
  from: A,
  to: B,
  context: B,
  input: '0x',
  output: '0x',
  value: 0n,
  gas: 0,
  gasUsed: 0,
  error: null,
  revertReason: null,
  reverted: false,
  logs: [],
  ...change,
})

const VAULT = [
  {
    type: 'function',
    name: 'open',
    inputs: [
      {
        name: 'orders',
        type: 'tuple[2][]',
        components: [
          { name: 'who', type: 'address' },
          { name: 'note', type: 'string' },
        ],
      },
      { name: 'limit', type: 'int64' },
    ],
    outputs: [{ name: 'id', type: 'bytes4' }],
  },
  { type: 'error', name: 'TooMuch', inputs: [{ name: 'asked', type: 'uint256' }] },
  {
    type: 'event',
    name: 'Opened',
    inputs: [
      { name: 'amount', type: 'uint256' },
      { name: 'who', type: 'address', indexed: true },
    ],
  },
] as const

const given = createDecoder({ ...NOTHING, abis: [{ address: null, abi: parseAbi(VAULT) }] })
const order = (note: string) => ({ who: A, note })
const input = encodeFunctionData({
  abi: VAULT,
  args: [[[order('one'), order('two')]], -5n],
})

describe('a given ABI', () => {
  test('names function, arguments and what came back, structs and arrays too', () => {
    const frame = frameOf({ input, output: `0x12345678${'0'.repeat(56)}` })
    const called = given.call(frame)
    expect(called).toMatchObject({ source: 'given', name: 'open', isExact: true })
    expect(renderArguments(called?.arguments ?? [], RENDER)).toBe(
      `(orders: [[{who: ${A}, note: "one"}, {who: ${A}, note: "two"}]], limit: -5)`,
    )
    expect(renderArguments(given.returned(frame) ?? [], RENDER)).toBe('(id: 0x12345678)')
  })

  test('names errors and logs, an indexed argument in its place', () => {
    const output = encodeErrorResult({ abi: VAULT, errorName: 'TooMuch', args: [7n] })
    const error = given.error(frameOf({ error: 'execution reverted', output }))
    expect(error === undefined ? '' : renderError(error, RENDER)).toBe('TooMuch(asked: 7)')
    const topics = encodeEventTopics({ abi: VAULT, eventName: 'Opened', args: { who: A } }) as Hex[]
    const data = encodeAbiParameters([{ type: 'uint256' }], [9n])
    expect(renderArguments(given.log({ address: B, topics, data })?.arguments ?? [], RENDER)).toBe(
      `(amount: 9, who: ${A})`,
    )
  })

  test('that does not fit says so instead of hiding the call', () => {
    const called = given.call(frameOf({ input: input.slice(0, 40) as Hex }))
    expect(called).toMatchObject({ name: 'open', arguments: null, isExact: false })
  })

  test('of the contract itself stands before another one with the same selector', () => {
    const abi = (name: string) =>
      parseAbi([{ type: 'function', name: 'f', inputs: [{ name, type: 'uint256' }] }])
    const decoder = createDecoder({
      ...NOTHING,
      abis: [
        { address: A, abi: abi('other') },
        { address: B, abi: abi('own') },
      ],
    })
    const data = encodeFunctionData({ abi: viemAbi(['function f(uint256)']), args: [1n] })
    expect(decoder.call(frameOf({ input: data }))?.arguments?.[0]?.name).toBe('own')
  })
})

describe('trust', () => {
  const data = encodeFunctionData({ abi: viemAbi(['function transfer(address,uint256)']), args: [A, 5n] })
  const tables = (...texts: string[]) => new Map<Hex, string[]>([['0xa9059cbb', texts]])

  test('what is shipped stands before a table, a table before a guess; each says what it is', () => {
    const shipped = new Map<Hex, string>([['0xa9059cbb', 'transfer(address,uint256)']])
    const table = tables('transfer(address,uint256)')
    const guessed = new Map([[B, new Map<Hex, string>([['0xa9059cbb', '(address,uint256)']])]])
    const sourceOf = (sources: DecoderSources) =>
      createDecoder(sources).call(frameOf({ input: data }))?.source
    expect(sourceOf({ shipped, tables: table, guessed })).toBe('shipped')
    expect(sourceOf({ ...NOTHING, tables: table, guessed })).toBe('table')
    expect(sourceOf({ ...NOTHING, guessed })).toBe('guessed')
  })

  test('a guess has types and no name', () => {
    const guessed = new Map([[B, new Map<Hex, string>([['0xa9059cbb', '(address,uint256)']])]])
    expect(createDecoder({ ...NOTHING, guessed }).call(frameOf({ input: data }))).toMatchObject({
      name: null,
      signature: '0xa9059cbb(address,uint256)',
    })
  })

  test('a table’s signature of another selector is a lie, and not used', () => {
    const decoder = createDecoder({ ...NOTHING, tables: tables('approve(address,uint256)') })
    expect(decoder.call(frameOf({ input: data }))).toBeUndefined()
  })

  test('a table’s signature that does not encode to the same bytes is not used; one that collides and does is', () => {
    // The collision of transfer(address,uint256) that everybody knows.
    const collision = 'many_msg_babbage(bytes1)'
    expect(hashOfSignature(collision).slice(0, 10)).toBe('0xa9059cbb')
    const both = createDecoder({ ...NOTHING, tables: tables(collision, 'transfer(address,uint256)') })
    expect(both.call(frameOf({ input: data }))?.name).toBe('transfer')
    const wrong = createDecoder({ ...NOTHING, tables: tables(collision) })
    expect(wrong.call(frameOf({ input: data }))).toBeUndefined()
  })
})

describe('reasons', () => {
  const reason = (abi: string, args: unknown[]) => {
    const parsed = viemAbi([abi] as never) as never
    const output = encodeErrorResult({ abi: parsed, args } as never)
    const error = createDecoder(NOTHING).error(frameOf({ error: 'execution reverted', output }))
    return error === undefined ? undefined : renderError(error, RENDER)
  }

  test.each([
    ['error Error(string)', ['paused'], '"paused"'],
    ['error Panic(uint256)', [0x11n], 'panic 0x11: arithmetic overflow or underflow'],
    ['error Panic(uint256)', [0x12n], 'panic 0x12: division by zero'],
    ['error Panic(uint256)', [0x99n], 'panic 0x99: a code that Solidity does not have'],
  ])('%s %s', (abi, args, text) => {
    expect(reason(abi, args)).toBe(text)
  })
})

describe('hostile data', () => {
  const word = (n: bigint) => n.toString(16).padStart(64, '0')
  const decode = (signature: string, data: string) => {
    const parsed = parseSignature(signature)
    return parsed === undefined ? 'no signature' : decodeParameters(parsed.inputs, data)
  }

  test.each([
    ['an array of 2^256 − 1', 'f(uint256[])', word(32n) + 'f'.repeat(64)],
    ['an array of 2^40 of nothing', 'f(uint256[0][])', word(32n) + word(2n ** 40n)],
    ['an array of 2^40 empty structs', 'f(()[])', word(32n) + word(2n ** 40n)],
    ['an offset beyond the end', 'f(bytes)', word(2n ** 200n)],
    ['an offset to itself', 'f(bytes[][][][][][])', word(32n).repeat(8)],
    ['nested arrays that all point at one another', 'f(uint8[][][][][][][][])', word(32n).repeat(500)],
    ['bytes longer than the data', 'f(bytes)', word(32n) + word(33n) + word(1n)],
    ['an address with high bytes', 'f(address)', 'f'.repeat(64)],
    ['a bool of 2', 'f(bool)', word(2n)],
    ['a uint8 of 256', 'f(uint8)', word(256n)],
    ['an int8 of 200', 'f(int8)', word(200n)],
  ])('%s is not decoded, and takes no time', (_name, signature, data) => {
    const start = cpuMilliseconds()
    expect(decode(signature, data)).toBeUndefined()
    expect(cpuMilliseconds() - start).toBeLessThan(100)
  })

  test('one text that ten thousand elements point at is read a bounded number of times', () => {
    const count = 10_000
    const text = word(100_000n) + '61'.repeat(100_000).padEnd(200_064 - (200_000 % 64), '0')
    const heads = word(BigInt(32 * count)).repeat(count)
    expect(decode('f(string[])', word(32n) + word(BigInt(count)) + heads + text)).toBeUndefined()
  })

  test.each([
    'f(uint256',
    'f)uint256(',
    'f(uint7)',
    'f(bytes33)',
    'f(uint256[99999])',
    '<b>(uint256)',
    'f(uint256)<script>',
    `f(${'('.repeat(500)}${')'.repeat(500)})`,
    '\u202ef(uint256)',
    `${'f'.repeat(200)}()`,
  ])('%j is no signature', (text) => {
    expect(parseSignature(text)).toBeUndefined()
  })

  test('names in an ABI that no compiler allows are refused, and of arguments left out', () => {
    const hostile = ['<script>', '[x](y)', '\u001b[2J', '\u202eevil', 'a b', '', '__proto__ ']
    const abi = parseAbi([
      ...hostile.map((name) => ({ type: 'function', name, inputs: [] })),
      ...hostile.map((name) => ({ type: 'function', name: 'ok', inputs: [{ name, type: 'uint256' }] })),
      null,
      7,
      { type: 'function', name: 'x', inputs: 'y' },
    ])
    expect(abi.refused).toBe(hostile.length + 3)
    expect([...abi.functions.values()].flat().every(({ inputs }) => inputs[0]?.name === null)).toBe(true)
  })

  test('nothing a chain says makes a decoder throw', () => {
    const signature = parseSignature('f(bytes[],(string,uint8[3])[],bool)')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const data = Buffer.from(bytes).toString('hex')
        const values = decodeParameters(signature?.inputs ?? [], data)
        if (values !== undefined) encodeParameters(signature?.inputs ?? [], values)
        given.call(frameOf({ input: `0x${input.slice(2, 10)}${data}` }))
        given.error(frameOf({ error: 'x', output: `0x08c379a0${data}` }))
      }),
      { seed: 21, numRuns: 1_000 },
    )
  })
})

test('what viem encodes is decoded, and encoded again it is the same bytes', () => {
  const text = 'f(uint8,int256,address,bool,bytes4,bytes,string,uint16[],string[2],(bytes,uint256[][])[])'
  const parsed = parseSignature(text)
  expect(parsed === undefined ? '' : signatureText(parsed)).toBe(text)
  const bytes = fc.uint8Array({ maxLength: 70 }).map((all): Hex => `0x${Buffer.from(all).toString('hex')}`)
  const values = fc.tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
    fc.constant(A),
    fc.boolean(),
    fc.constant('0x01020304' as const),
    bytes,
    fc.string(),
    fc.array(fc.integer({ min: 0, max: 65_535 })),
    fc.tuple(fc.string(), fc.string()),
    fc.array(fc.tuple(bytes, fc.array(fc.array(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })))), {
      maxLength: 4,
    }),
  )
  fc.assert(
    fc.property(values, (args) => {
      const abi = viemAbi([
        'function f(uint8,int256,address,bool,bytes4,bytes,string,uint16[],string[2],(bytes,uint256[][])[])',
      ])
      const data = encodeFunctionData({ abi, args: args as never }).slice(10)
      const decoded = decodeParameters(parsed?.inputs ?? [], data)
      expect(decoded === undefined ? undefined : encodeParameters(parsed?.inputs ?? [], decoded)).toBe(data)
    }),
    { seed: 22, numRuns: 300 },
  )
})
