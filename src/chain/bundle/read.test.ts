import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address, call, hashOf, pay, rawBlock } from '../../../test/harness/build.ts'
import { CordonError } from '../../kit/error.ts'
import { readRecorded } from '../recorded.ts'
import { readBundles } from './read.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-bundles-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const [alice, bob, token] = ['alice', 'bob', 'token'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const good = (number: number, pending = false): Record<string, unknown> =>
  rawBlock({
    number,
    pending,
    transactions: [{ from: alice, root: call(token, {}, pay(token, { from: alice, to: bob, amount: 1n })) }],
  })
const line = (number: number): string => JSON.stringify(good(number))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Numbers of the blocks that were read, and the error that ended it. */
async function readAll(path: string): Promise<{ numbers: number[]; error: CordonError | undefined }> {
  const numbers: number[] = []
  try {
    for await (const bundle of readBundles(path)) numbers.push(bundle.number)
    return { numbers, error: undefined }
  } catch (thrown) {
    if (!(thrown instanceof CordonError)) throw thrown
    return { numbers, error: thrown }
  }
}

describe('reading', () => {
  test('a block a line, with or without a newline at the end, empty lines between', async () => {
    const path = file('good.ndjson', `${line(1)}\n\n  \r\n${line(2)}\r\n${line(3)}`)
    expect(await readAll(path)).toEqual({ numbers: [1, 2, 3], error: undefined })
  })

  test('gzip, by its ending', async () => {
    const path = file('good.ndjson.gz', gzipSync(`${line(1)}\n${line(2)}\n`))
    expect(await readAll(path)).toEqual({ numbers: [1, 2], error: undefined })
  })

  test('text that is not ASCII and falls on the border of two chunks stays whole', async () => {
    const padded = (number: number): string =>
      JSON.stringify({ ...good(number), note: 'ü€😀'.repeat(30_000) })
    const path = file('utf8.ndjson', `${padded(1)}\n${padded(2)}\n`)
    expect(await readAll(path)).toEqual({ numbers: [1, 2], error: undefined })
  })

  test('recorded files are a chain source; a pending bundle stays pending', async () => {
    const path = file('mixed.ndjson', `${line(1)}\n${JSON.stringify(good(2, true))}`)
    const kinds: string[] = []
    for await (const update of readRecorded([path])) kinds.push(update.kind)
    expect(kinds).toEqual(['block', 'pending'])
  })

  test('a block without number is pending, and comes after the last one', async () => {
    const raw = good(2)
    const pending = { ...raw, block: { ...(raw['block'] as object), number: null, hash: null } }
    const path = file('unnumbered.ndjson', `${line(1)}\n${JSON.stringify(pending)}\n${line(2)}`)
    const updates: [string, number][] = []
    for await (const update of readRecorded([path]))
      if (update.kind === 'block' || update.kind === 'pending')
        updates.push([update.kind, update.bundle.number])
    expect(updates).toEqual([
      ['block', 1],
      ['pending', 2],
      ['block', 2],
    ])
  })

  test('two thousand blocks in bounded memory', async () => {
    setFlagsFromString('--expose_gc')
    const collect = runInNewContext('gc') as () => void
    const filler = 'x'.repeat(40_000)
    const lines = Array.from({ length: 2_000 }, (_, i) => JSON.stringify({ ...good(i + 1), note: filler }))
    const path = file('long.ndjson.gz', gzipSync(lines.join('\n'), { level: 1 }))
    const bytes = lines.reduce((sum, text) => sum + text.length, 0)
    lines.length = 0
    collect()
    const before = process.memoryUsage().heapUsed
    let most = 0
    let count = 0
    for await (const _bundle of readBundles(path)) {
      if (++count % 250 !== 0) continue
      collect()
      most = Math.max(most, process.memoryUsage().heapUsed - before)
    }
    expect(count).toBe(2_000)
    expect(most).toBeLessThan(bytes / 4)
  })
})

describe('a bad line is told with file, line and field, after the blocks before it', () => {
  const broken = (change: (raw: Record<string, unknown>) => void): string => {
    const raw = JSON.parse(line(3)) as Record<string, unknown>
    change(raw)
    return JSON.stringify(raw)
  }
  const blockOf = (raw: Record<string, unknown>) => raw['block'] as Record<string, unknown>

  test.each<[string, string, string | undefined]>([
    ['HTML', '<html><body>502 Bad Gateway</body></html>', undefined],
    ['half a line', line(3).slice(0, 200), undefined],
    ['a number', '17', 'bundle'],
    ['null', 'null', 'bundle'],
    ['an array', '[]', 'bundle'],
    ['no block', '{}', 'block'],
    ['a JSON-RPC error', '{"error":{"code":-32005}}', 'block'],
    ['no chain', broken((raw) => delete raw['chainId']), 'chainId'],
    ['a chain of half', broken((raw) => Object.assign(raw, { chainId: 1.5 })), 'chainId'],
    ['an empty number', broken((raw) => Object.assign(blockOf(raw), { number: '' })), 'block.number'],
    ['no transactions', broken((raw) => delete blockOf(raw)['transactions']), 'block.transactions'],
    [
      'hashes for transactions',
      broken((raw) => Object.assign(blockOf(raw), { transactions: [hashOf('x')] })),
      'block.transactions[0]',
    ],
    ['a short hash', broken((raw) => Object.assign(blockOf(raw), { hash: '0x12' })), 'block.hash'],
    ['receipts that are none', broken((raw) => Object.assign(raw, { receipts: 'none' })), 'receipts'],
    ['traces that are an object', broken((raw) => Object.assign(raw, { traces: {} })), 'traces'],
  ])('%s', async (name, text, field) => {
    const path = file(
      `${name.replaceAll(/\W/g, '-')}.ndjson`,
      `${line(1)}\n${line(2)}\n${text}\n${line(4)}\n`,
    )
    const { numbers, error } = await readAll(path)
    expect(numbers).toEqual([1, 2])
    expect(error).toMatchObject({ code: 'chain.MalformedBundle', facts: { file: path, line: 3 } })
    expect(error?.facts['field']).toBe(field)
  })

  test('receipts and traces of strangers', async () => {
    const stranger = (part: string) =>
      broken((raw) => Object.assign(raw, { [part]: (JSON.parse(line(9)) as Record<string, unknown>)[part] }))
    for (const part of ['receipts', 'traces']) {
      const { numbers, error } = await readAll(
        file(`stranger-${part}.ndjson`, `${line(1)}\n${stranger(part)}`),
      )
      expect(numbers).toEqual([1])
      expect(error?.cause).toMatchObject({ code: 'chain.ContradictoryBlock', facts: { part } })
    }
  })

  test('the message', async () => {
    const path = file('message.ndjson', `${line(1)}\n<html>`)
    const { error } = await readAll(path)
    expect(error?.message.replaceAll(folder, '…')).toMatchInlineSnapshot(`
      "Line 2 of …/message.ndjson is not a block bundle: Unexpected token '<', "<html>" is not valid JSON
        file: …/message.ndjson
        line: 2
      Fix: Each line must be one JSON object as in docs/guides/bundles.md. Record it again with \`cordon record\`."
    `)
  })
})

describe('a line that would fill memory', () => {
  const start = JSON.stringify(good(2)).slice(0, -1)
  const nest = (n: number, of: string) => `${start},"${of}":${'['.repeat(n)}${']'.repeat(n)}}`

  test('one that unpacks to more than fits is told with the fix, in bounded memory', async () => {
    const spaces = Buffer.alloc(2 ** 20, ' ')
    const bytes = gzipSync(
      Buffer.concat([Buffer.from(`${line(1)}\n`), ...Array.from({ length: 70 }, () => spaces)]),
    )
    const path = file('bomb.ndjson.gz', bytes)
    expect(bytes.length).toBeLessThan(200_000)
    const { numbers, error } = await readAll(path)
    expect(numbers).toEqual([1])
    expect(error).toMatchObject({ code: 'chain.LineTooLong', facts: { file: path, line: 2 } })
  })

  test('one of empty objects without end is refused before it is read', async () => {
    const { error } = await readAll(file('crowd.ndjson', `${start},"x":[${'{},'.repeat(400_000)}0]}`))
    expect(error).toMatchObject({ code: 'chain.MalformedBundle', facts: { line: 1 } })
    expect(error?.message).toMatch(/for every 16 characters/)
  })

  test('a hundred thousand levels deep: read past where nobody looks, told where somebody does', async () => {
    expect((await readAll(file('deep.ndjson', nest(100_000, 'note')))).numbers).toEqual([2])
    const { error } = await readAll(file('deep-block.ndjson', nest(100_000, 'block')))
    expect(error).toMatchObject({ code: 'chain.MalformedBundle', facts: { field: 'block' } })
  })

  test('calls a hundred thousand deep cost their transaction only', async () => {
    const raw = good(2)
    const [trace] = raw['traces'] as { txHash: string }[]
    const open = `{"type":"CALL","from":"${address('a')}","to":"${address('b')}","calls":[`
    const deep = `${open.repeat(100_000)}${']}'.repeat(100_000)}`
    const text = JSON.stringify({ ...raw, traces: [{ txHash: trace?.txHash, result: 'deep' }] }).replace(
      '"deep"',
      deep,
    )
    for await (const bundle of readBundles(file('deep-calls.ndjson', text)))
      expect(bundle.gaps).toMatchObject([{ transactionHash: trace?.txHash, missing: 'traces' }])
  })
})

describe('a file that cannot be read', () => {
  test('truncated gzip gives what was whole before', async () => {
    const noise = Array.from({ length: 50 }, (_, i) =>
      JSON.stringify({ ...good(i + 1), note: hashOf(`${i}`).repeat(50) }),
    )
    const bytes = gzipSync(noise.join('\n'))
    const path = file('cut.ndjson.gz', bytes.subarray(0, bytes.length - 200))
    const { numbers, error } = await readAll(path)
    expect(numbers.length).toBeGreaterThan(10)
    expect(error).toMatchObject({ code: 'chain.UnreadableBundle', facts: { file: path } })
  })

  test('plain text named .gz', async () => {
    const { numbers, error } = await readAll(file('plain.ndjson.gz', line(1)))
    expect(numbers).toEqual([])
    expect(error?.code).toBe('chain.UnreadableBundle')
  })

  test.each(['missing.ndjson', 'missing.ndjson.gz'])('%s', async (name) => {
    const { error } = await readAll(join(folder, name))
    expect(error?.message.replaceAll(folder, '…').replaceAll('.gz', '')).toMatchInlineSnapshot(`
      "…/missing.ndjson cannot be read: ENOENT: no such file or directory, open '…/missing.ndjson'
        file: …/missing.ndjson
        reason: ENOENT: no such file or directory, open '…/missing.ndjson'
      Fix: Check the path; copy or record a truncated  again (\`gzip -t FILE\` checks it)."
    `)
  })

  test('a consumer that stops early closes the file', async () => {
    const path = file('early.ndjson', `${line(1)}\n${line(2)}\n`)
    for await (const bundle of readBundles(path)) {
      expect(bundle.number).toBe(1)
      break
    }
  })
})
