import { parseBundle } from '../src/chain/bundle/parse.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { finishFlow } from '../src/forensics/fund-flow/finish.ts'
import { followTransaction } from '../src/forensics/fund-flow/follow.ts'
import { startFlow } from '../src/forensics/fund-flow/state.ts'
import type { BlockFacts } from '../src/model/fact.ts'
import type { FundFlow } from '../src/model/fund-flow.ts'
import type { Address } from '../src/model/hex.ts'
import { fundFlowSvg } from '../src/reports/fund-flow-svg.ts'
import { quantile, report, time } from './report.ts'
import { syntheticBlock } from './synthetic.ts'

const HOPS = 50
const PER_BLOCK = 200
const RUNS = 5

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const word = (value: number): string => value.toString(16).padStart(64, '0')
const address = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`
const topic = (account: string): string => `0x${account.slice(2).padStart(64, '0')}`
/** A token that the block's ordinary payments use too, so that taint spreads among them. */
const TOKEN = address(4)
const STOLEN = 1_000_000_000
const holder = (hop: number): Address => address(900_000 + hop)

/** Frames of a transaction; and whether all payments use the stolen token, so that taint reaches every account. */
type Case = { frames: number; isSpread: boolean }
type Node = { calls: Node[]; logs?: { address: string }[] }

function inToken({ calls, logs }: Node): void {
  for (const log of logs ?? []) log.address = TOKEN
  for (const inner of calls) inToken(inner)
}

/**
 * Ordinary traffic, and one transaction in which the current holder pays nine tenths of the funds on and one tenth
 * away.
 */
function hopBlock(hop: number, { frames, isSpread }: Case): string {
  const block = syntheticBlock({ transactions: PER_BLOCK - 1, frames, seed: hop + 1 })
  if (isSpread) for (const { result } of block['traces'] as { result: Node }[]) inToken(result)
  const hash = `0x${word(7_000_000 + hop)}`
  const from = holder(hop)
  const whole = Math.floor(STOLEN * 0.9 ** hop)
  const part = Math.floor(whole * 0.9)
  const base = { type: 'CALL', gas: '0x30d40', gasUsed: '0x5208', value: '0x0' }
  const paid = (to: Address, amount: number, position: number) => ({
    address: TOKEN,
    topics: [TRANSFER, topic(from), topic(to)],
    data: `0x${word(amount)}`,
    position: `0x${position}`,
  })
  const logs = [paid(holder(hop + 1), part, 0), paid(address(1 + (hop % 400)), whole - part, 0)]
  const result = { ...base, from, to: TOKEN, input: '0xa9059cbb', output: `0x${word(1)}`, logs, calls: [] }
  const parts = block as { block: { transactions: unknown[] }; receipts: unknown[]; traces: unknown[] }
  parts.block.transactions.push({ hash, from, to: TOKEN, input: '0xa9059cbb', value: '0x0', nonce: '0x1' })
  parts.receipts.push({ transactionHash: hash, status: '0x1', logs: [] })
  parts.traces.push({ txHash: hash, result })
  return JSON.stringify(parts)
}

function follow(blocks: readonly BlockFacts[]): FundFlow {
  const source = { account: holder(0), asset: TOKEN, tokenId: null, amount: BigInt(STOLEN) }
  const flow = startFlow({ chainId: 1, block: 0, sources: [source] })
  for (const { bundle, transactions } of blocks)
    for (const tx of transactions) followTransaction(flow, tx, bundle.number)
  return finishFlow(flow)
}

function measure(shape: Case): void {
  const texts = Array.from({ length: HOPS }, (_, hop) => hopBlock(hop, shape))
  const facts = texts.map((text) => blockFacts(parseBundle(JSON.parse(text))))
  const found = follow(facts)
  const json = time(() => {
    for (const text of texts) JSON.parse(text)
  }, RUNS)
  const flowOnly = time(() => void follow(facts), RUNS)
  const whole = time(() => void follow(texts.map((text) => blockFacts(parseBundle(JSON.parse(text))))), RUNS)
  const drawn = time(() => void fundFlowSvg(found), RUNS)
  const parse = quantile(json, 0.5)
  const row = (what: string, times: readonly number[]) => ({
    what,
    'p50 ms': quantile(times, 0.5),
    'worst ms': quantile(times, 1),
    'times JSON.parse': quantile(times, 0.5) / parse,
  })
  const megabytes = texts.reduce((sum, text) => sum + text.length, 0) / 1e6
  const end = found.totals[0]
  const sum = Object.values(end?.at ?? {}).reduce((total, both) => total + (both?.haircut ?? 0n), 0n)
  report(
    `fund flow: ${found.transactions} transactions of ${shape.frames} frames, ${HOPS} hops${shape.isSpread ? ', spread' : ''}, ${megabytes.toFixed(0)} MB; ${found.edges.length} movements (${found.cut.edges} cut), ${found.nodes.length} accounts, sums exact: ${sum === end?.stolen}`,
    [
      row('JSON.parse', json),
      row('facts → flow', flowOnly),
      row('text → facts → flow', whole),
      row('drawing', drawn),
    ],
  )
}

measure({ frames: 10, isSpread: false })
measure({ frames: 40, isSpread: false })
measure({ frames: 40, isSpread: true })
