import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { hexToBytes, keccak256 } from 'viem'
import { describe, expect, test } from 'vitest'
import { corpus, describeCorpus } from '../../../test/harness/corpus.ts'
import type { Raw } from '../trace/fields.ts'
import { createBlockCheck } from './block-check.ts'
import { headOfBlock } from './block-parts.ts'
import { headerHash, receiptsRoot, transactionsRoot } from './commitments.ts'

/** The bloom of a receipt's logs (Yellow Paper, section 4.3.1), which the corpus leaves out. */
function bloomOf(logs: readonly Raw[]): string {
  const bits = Buffer.alloc(256)
  for (const { address, topics } of logs as { address: `0x${string}`; topics: `0x${string}`[] }[])
    for (const item of [address, ...topics]) {
      const digest = keccak256(hexToBytes(item), 'bytes')
      for (const at of [0, 2, 4]) {
        const bit = (((digest[at] ?? 0) << 8) | (digest[at + 1] ?? 0)) & 2_047
        const byte = 255 - (bit >> 3)
        bits[byte] = (bits[byte] ?? 0) | (1 << (bit & 7))
      }
    }
  return `0x${bits.toString('hex')}`
}

/** Receipts as a node gives them: with bloom, type and the gas used so far. */
function whole(receipts: readonly Raw[], transactions: readonly Raw[]): Raw[] {
  let gas = 0
  return receipts.map((receipt, i) => {
    gas += Number(receipt['gasUsed'])
    const logs = receipt['logs'] as Raw[]
    const cumulativeGasUsed = `0x${gas.toString(16)}`
    return { ...receipt, type: transactions[i]?.['type'], cumulativeGasUsed, logsBloom: bloomOf(logs) }
  })
}

type RealBlock = { chainId: number; block: Raw & { transactions: Raw[] }; receipts: Raw[] }

function realBlocks(set: string): RealBlock[] {
  const folder = `${corpus}/benign/${set}`
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ndjson.gz') && !file.includes('partial'))
    .flatMap((file) =>
      gunzipSync(readFileSync(`${folder}/${file}`))
        .toString()
        .trim()
        .split('\n')
        .slice(0, 30),
    )
    .map((line) => JSON.parse(line))
}

/** Before Byzantium a receipt held a state root, and one of a deposit has a nonce: the corpus has neither. */
function isWhole({ chainId, block }: RealBlock): boolean {
  const { transactions } = block
  if (transactions.length === 0 || transactions.some(({ type }) => type === '0x7e')) return false
  return chainId !== 1 || Number(block['number']) >= 4_370_000
}

describeCorpus('real blocks of Ethereum, Scroll and Linea', () => {
  test.each(['zeth', 'scroll', 'raiko-keth', 'zisk-rsp', 'linea', 'pevm'])(
    'the receipts of %s are those that the headers commit to, and no log may be missing',
    (set) => {
      const blocks = realBlocks(set).filter(isWhole)
      expect(blocks.length).toBeGreaterThan(2)
      for (const { block, receipts } of blocks) {
        const sent = whole(receipts, block.transactions)
        expect(receiptsRoot(sent), `block ${Number(block['number'])}`).toBe(block['receiptsRoot'])
        const robbed = sent.find(({ logs }) => (logs as unknown[]).length > 0)
        const hidden = sent.map((it) => (it === robbed ? { ...it, logs: (it['logs'] as []).slice(1) } : it))
        if (robbed !== undefined) expect(receiptsRoot(hidden)).not.toBe(block['receiptsRoot'])
      }
    },
  )
})

describe('a check', () => {
  const log = { address: `0x${'11'.repeat(20)}`, topics: [`0x${'22'.repeat(32)}`], data: '0x' }
  const receipts = whole(
    [1, 2].map((n) => ({ gasUsed: `0x${n}`, status: '0x1', logs: [log] })),
    [{ type: '0x2' }, { type: '0x0' }],
  )
  const head = (over: Raw = {}) =>
    headOfBlock({
      number: '0x1',
      hash: `0x${'aa'.repeat(32)}`,
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: bloomOf([log]),
      transactions: [],
      ...over,
    })
  const emptied = receipts.map((receipt) => ({ ...receipt, logs: [], logsBloom: bloomOf([]) }))

  test('that never held says nothing: chains differ in what they hash', () => {
    const other = receipts.map((receipt) => ({ ...receipt, status: '0x0' }))
    expect(createBlockCheck().receipts(head(), other)).toBeNull()
    expect(createBlockCheck().receipts(head({ receiptsRoot: undefined }), receipts)).toBeNull()
  })

  test('that has held finds receipts that were changed', () => {
    const check = createBlockCheck()
    expect(check.receipts(head(), receipts)).toBe(true)
    expect(
      check.receipts(
        head(),
        receipts.map((it) => ({ ...it, status: '0x0' })),
      ),
    ).toBe(false)
    expect(check.receipts(head(), receipts.slice(1))).toBe(false)
  })

  test('finds receipts that were emptied at once, by the header’s bloom', () => {
    expect(createBlockCheck().receipts(head(), emptied)).toBe(false)
  })

  test('that fails for a whole day of blocks is a hard fork: it says nothing from then on', () => {
    const check = createBlockCheck()
    check.receipts(head(), receipts)
    const other = receipts.map((receipt) => ({ ...receipt, status: '0x0' }))
    const verdicts = Array.from({ length: 40 }, () => check.receipts(head(), other))
    expect(verdicts.slice(0, 32)).toEqual(Array(32).fill(false))
    expect(verdicts.at(-1)).toBeNull()
  })

  test('leaves out the transaction that is part of a block by RPC only', () => {
    const check = createBlockCheck()
    const extra = {
      status: '0x1',
      type: '0x7f',
      logs: [log],
      cumulativeGasUsed: '0x0',
      logsBloom: bloomOf([log]),
    }
    expect(check.receipts(head(), [...receipts, extra])).toBe(true)
  })

  test('of headers and transactions needs all their fields', () => {
    expect(headerHash({ number: '0x1' })).toBeNull()
    expect(transactionsRoot([{ type: '0x6f' }])).toBeNull()
  })

  test('of calls finds a trace from which they were taken out, once traces have fitted their receipts', () => {
    const check = createBlockCheck()
    const made = { address: log.address, topics: [], data: '0x' } as never
    const frame = (logs: readonly unknown[], reverted = false) => ({ logs, reverted }) as never
    const logs = [made, made]
    expect(check.logs({ frames: [frame([])], logs })).toBeNull()
    expect(check.logs({ frames: [frame([made]), frame([made]), frame([made], true)], logs })).toBe(true)
    expect(check.logs({ frames: [frame([])], logs })).toBe(false)
    expect(check.logs({ frames: [], logs })).toBeNull()
    expect(check.logs({ frames: [frame([])], logs: [] })).toBeNull()
  })
})
