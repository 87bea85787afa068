import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { corpus, corpusFiles, corpusJson, describeCorpus } from '../../../test/harness/corpus.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { canonicalJson } from '../../kit/json.ts'
import { framesFromCallTracer } from './call-tracer.ts'
import { toCallTracer } from './to-call-tracer.ts'

type Node = { calls?: Node[]; logs?: Record<string, unknown>[]; [field: string]: unknown }

const A = `0x${'aa'.repeat(20)}`
const B = `0x${'bb'.repeat(20)}`
const C = `0x${'cc'.repeat(20)}`
const TOPIC = `0x${'11'.repeat(32)}`

const node = (parts: Partial<Node> = {}): Node => ({
  type: 'CALL',
  from: A,
  to: B,
  input: '0x',
  gas: '0x10',
  gasUsed: '0x1',
  value: '0x0',
  ...parts,
})

/** A missing log index is 0 to geth's own test of these files. */
function withIndex(expected: Node): Node {
  return {
    ...expected,
    ...(expected.logs ? { logs: expected.logs.map((log) => ({ index: '0x0', ...log })) } : {}),
    ...(expected.calls ? { calls: expected.calls.map(withIndex) } : {}),
  }
}

describeCorpus('geth’s own traces', () => {
  test.each(
    ['call_tracer', 'call_tracer_withLog'].flatMap((folder) =>
      corpusFiles(`tracer/${folder}`, '.json').map(({ name }) => ({ folder, name })),
    ),
  )('$folder/$name: normalised and written again it is the same', ({ folder, name }) => {
    const { result } = corpusJson(join('tracer', folder, `${name}.json`)) as { result: Node }
    const written = toCallTracer(framesFromCallTracer(result, 'result'))
    expect(canonicalJson(written)).toBe(canonicalJson(withIndex(result)))
  })

  test('there are 25 of them', () => {
    expect(corpus).toBeTruthy()
    expect(
      ['call_tracer', 'call_tracer_withLog'].flatMap((it) => corpusFiles(`tracer/${it}`, '.json')),
    ).toHaveLength(25)
  })
})

describe('frames', () => {
  test('a sub-tree is a range, and delegated code acts on its caller’s storage', () => {
    const frames = framesFromCallTracer(
      node({
        calls: [
          node({ type: 'DELEGATECALL', from: B, to: C, calls: [node({ from: B, to: A })] }),
          node({ from: B, to: C }),
        ],
      }),
      'root',
    )
    expect(frames.map(({ parent, depth, end, context }) => ({ parent, depth, end, context }))).toEqual([
      { parent: -1, depth: 0, end: 4, context: B },
      { parent: 0, depth: 1, end: 3, context: B },
      { parent: 1, depth: 2, end: 3, context: A },
      { parent: 0, depth: 1, end: 4, context: C },
    ])
  })

  test('what a failed frame did inside did not happen', () => {
    const frames = framesFromCallTracer(
      node({ calls: [node({ error: 'out of gas', calls: [node()] }), node()] }),
      'root',
    )
    expect(frames.map(({ reverted }) => reverted)).toEqual([false, true, true, false])
  })

  test('logs of a failed frame are not written: geth clears them too', () => {
    const log = { address: B, topics: [TOPIC], data: '0x', position: '0x0' }
    const frames = framesFromCallTracer(
      node({ logs: [log], calls: [node({ error: 'x', logs: [log] }), node({ logs: [log] })] }),
      'root',
    )
    const written = toCallTracer(frames) as Node
    expect(written.logs).toEqual([{ ...log, index: '0x0' }])
    expect(written.calls?.[0]?.logs).toBeUndefined()
    expect(written.calls?.[1]?.logs).toEqual([{ ...log, index: '0x1' }])
  })

  test('the index of a log counts in the order of execution, not of frames', () => {
    const log = (position: string) => ({ address: B, topics: [TOPIC], data: '0x', position })
    const frames = framesFromCallTracer(
      node({ logs: [log('0x0'), log('0x1')], calls: [node({ logs: [log('0x0')] })] }),
      'root',
    )
    const written = toCallTracer(frames) as Node
    expect(written.logs?.map(({ index }) => index)).toEqual(['0x0', '0x2'])
    expect(written.calls?.[0]?.logs?.map(({ index }) => index)).toEqual(['0x1'])
  })

  test('a static call moves no value and says none', () => {
    const { value, ...rest } = node({ type: 'STATICCALL' })
    expect(value).toBe('0x0')
    expect(toCallTracer(framesFromCallTracer(rest, 'root'))).toEqual(rest)
  })
})

describe('types as tracers write them', () => {
  const typeOf = (parts: Partial<Node>) => framesFromCallTracer(node(parts), 'root')[0]

  test.each([
    ['Call', 'CALL'],
    ['call', 'CALL'],
    ['delegateCall', 'DELEGATECALL'],
    ['DELEGATE_CALL', 'DELEGATECALL'],
    ['StaticCall', 'STATICCALL'],
    ['callcode', 'CALLCODE'],
    ['Create', 'CREATE'],
    ['create2', 'CREATE2'],
    ['selfdestruct', 'SELFDESTRUCT'],
    ['SUICIDE', 'SELFDESTRUCT'],
    ['EXTDELEGATECALL', 'DELEGATECALL'],
  ])('%s is %s', (word, type) => {
    expect(typeOf({ type: word })).toMatchObject({ type })
    expect(typeOf({ type: word })?.foreignType).toBeUndefined()
  })

  test.each(['INVALID', 'AUTHCALL', 'NearCall', 'teleport', 0xf1])(
    '%s is no call of the EVM: its value counts and its word is kept',
    (word) => {
      const frame = typeOf({ type: word, value: '0x5' })
      expect(frame).toMatchObject({ type: 'CALL', foreignType: String(word), value: 5n, from: A, to: B })
    },
  )

  test('a missing type is a call, or a creation where nobody is called or code is left behind', () => {
    const { type: _type, ...untyped } = node()
    const { to: _to, ...nobody } = untyped
    const code = '0x6080604052600080fd'
    const left = { ...untyped, input: `0x608060405234${code.slice(2)}`, output: code }
    for (const [raw, type] of [
      [untyped, 'CALL'],
      [{ ...untyped, type: null }, 'CALL'],
      [nobody, 'CREATE'],
      [left, 'CREATE'],
      [{ ...untyped, input: `0x12345678${'0'.repeat(63)}1`, output: `0x${'0'.repeat(63)}1` }, 'CALL'],
    ] as const)
      expect(framesFromCallTracer(raw, 'root')[0]?.type).toBe(type)
    expect(framesFromCallTracer(untyped, 'root', true)[0]?.type).toBe('CREATE')
  })

  test('a contract that ends itself, without a value: what it had is not known', () => {
    const { value: _value, ...dying } = node({ type: 'SELFDESTRUCT' })
    const [frame] = framesFromCallTracer(dying, 'root')
    expect(frame).toMatchObject({ value: 0n, valueUnknown: true })
    expect(toCallTracer([frame ?? expect.fail()])).not.toHaveProperty('value')
    expect(typeOf({ type: 'SELFDESTRUCT' })?.valueUnknown).toBeUndefined()
  })
})

describe('size', () => {
  test('a thousand calls deep', () => {
    let deep = node()
    for (let i = 1; i < 1_000; i++) deep = node({ calls: [deep] })
    const frames = framesFromCallTracer(deep, 'root')
    expect(frames).toHaveLength(1_000)
    expect(frames.at(-1)).toMatchObject({ depth: 999, end: 1_000 })
    expect(frames[0]?.end).toBe(1_000)
    expect(toCallTracer(frames)).toEqual(deep)
  })

  test('a hundred thousand deep, which no chain allows, is refused and does not overflow', () => {
    let deep = node()
    for (let i = 1; i < 100_000; i++) deep = node({ calls: [deep] })
    expect(() => framesFromCallTracer(deep, 'root')).toThrow(
      expect.objectContaining({
        code: 'chain.MalformedField',
        facts: expect.objectContaining({ field: 'root.calls' }),
      }),
    )
  })

  test('ten thousand calls wide, in less than a tenth of a second', () => {
    const wide = node({ calls: Array.from({ length: 10_000 }, () => node({ from: B, to: C })) })
    framesFromCallTracer(wide, 'root')
    const start = cpuMilliseconds()
    const frames = framesFromCallTracer(wide, 'root')
    expect(cpuMilliseconds() - start).toBeLessThan(100)
    expect(frames).toHaveLength(10_001)
    expect(frames.at(-1)).toMatchObject({ parent: 0, depth: 1, end: 10_001 })
  })
})

describe('what is not a trace', () => {
  test.each([
    ['no object', null, 'root'],
    ['a broken address', node({ to: '0x12' }), 'root.to'],
    ['calls that are no list', node({ calls: {} as never }), 'root.calls'],
    ['value that is no quantity', node({ value: '12 ether' }), 'root.value'],
    ['a quantity of 33 bytes', node({ value: `0x${'1'.repeat(66)}` }), 'root.value'],
    ['gas below zero', node({ gas: -1 }), 'root.gas'],
    ['gas of a fraction', node({ gas: 1.5 }), 'root.gas'],
    ['gas of nothing', node({ gas: '' }), 'root.gas'],
    ['gas in decimal', node({ gas: '12' }), 'root.gas'],
    [
      'a topic of 31 bytes',
      node({ logs: [{ address: A, topics: ['0x11'], data: '0x' }] }),
      'root.logs.topics',
    ],
    ['input that is no hex', node({ input: '<html>' }), 'root.input'],
  ])('%s', (_name, raw, field) => {
    expect(() => framesFromCallTracer(raw, 'root')).toThrow(
      expect.objectContaining({ code: 'chain.MalformedField', facts: expect.objectContaining({ field }) }),
    )
  })

  test('the message', () => {
    expect(() =>
      framesFromCallTracer(node({ to: '0x12' }), 'traces[3].result'),
    ).toThrowErrorMatchingInlineSnapshot(`
      [chain.MalformedField: A field does not match the JSON-RPC specification: traces[3].result.to.
        field: traces[3].result.to
        expected: an address (0x and 40 hex digits)
        got: 0x12
      Fix: Record the bundle again, or ask the node’s operator; Cordon does not guess at broken chain data.]
    `)
  })
})
