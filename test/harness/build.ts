import { parseBundle } from '../../src/chain/bundle/parse.ts'
import { SELECTORS, TOPICS } from '../../src/facts/signatures.ts'
import { sha256 } from '../../src/kit/json.ts'
import type { BlockBundle, FrameType } from '../../src/model/block.ts'
import type { Address, Hash, Hex } from '../../src/model/hex.ts'

/*
 * Transactions as trees of calls and logs, turned into bundles by the same parser that real ones go through.
 */

/** A stable, readable-enough address for a name. */
export function address(name: string): Address {
  return `0x${sha256(name).slice(0, 40)}`
}

export function hashOf(name: string): Hash {
  return `0x${sha256(name)}`
}

export function word(value: bigint | number | Address): string {
  return (typeof value === 'string' ? value.slice(2) : value.toString(16)).padStart(64, '0')
}

export type LogNode = { log: { address: Address; topics: readonly Hex[]; data: Hex } }
export type CallNode = {
  type: FrameType
  to: Address | null
  /** Set if a frame claims a caller other than its parent. */
  from?: Address
  input: Hex
  output: Hex
  value: bigint
  error?: string
  inner: readonly (CallNode | LogNode)[]
}

export type CallParts = Partial<Omit<CallNode, 'to' | 'inner'>>

/** A call; its inner calls and logs follow in order, mixed. */
export function call(to: Address, parts: CallParts, ...inner: readonly (CallNode | LogNode)[]): CallNode {
  return { type: 'CALL', to, input: '0x', output: '0x', value: 0n, ...parts, inner }
}

export function delegate(to: Address, input: Hex, ...inner: readonly (CallNode | LogNode)[]): CallNode {
  return call(to, { type: 'DELEGATECALL', input }, ...inner)
}

export function view(to: Address, input: Hex, output: Hex): CallNode {
  return call(to, { type: 'STATICCALL', input, output })
}

export function create(to: Address | null, parts: CallParts, ...inner: CallNode['inner']): CallNode {
  return { type: 'CREATE', to, input: '0x60', output: '0x00', value: 0n, ...parts, inner }
}

export function log(at: Address, topics: readonly Hex[], data: Hex = '0x'): LogNode {
  return { log: { address: at, topics, data } }
}

export function topicOf(value: Address | bigint): Hex {
  return `0x${word(value)}`
}

/** Calldata: four bytes and words. */
export function data(selector: Hex, ...words: readonly (bigint | number | Address)[]): Hex {
  return `${selector}${words.map(word).join('')}`
}

const TRANSFER = TOPICS['Transfer(address,address,uint256)']
export const ZERO: Address = `0x${'0'.repeat(40)}`

export function transferLog(token: Address, move: { from: Address; to: Address; amount: bigint }): LogNode {
  return log(token, [TRANSFER, topicOf(move.from), topicOf(move.to)], `0x${word(move.amount)}`)
}

/** `token.transfer(to, amount)` with its log; `from` is the caller, given because the log needs it. */
export function pay(token: Address, move: { from: Address; to: Address; amount: bigint }): CallNode {
  const input = data(SELECTORS['transfer(address,uint256)'], move.to, move.amount)
  return call(token, { input, output: `0x${word(1n)}` }, transferLog(token, move))
}

/** `token.transferFrom(from, to, amount)` with its log. */
export function pull(token: Address, move: { from: Address; to: Address; amount: bigint }): CallNode {
  const input = data(SELECTORS['transferFrom(address,address,uint256)'], move.from, move.to, move.amount)
  return call(token, { input, output: `0x${word(1n)}` }, transferLog(token, move))
}

export type TransactionParts = {
  from: Address
  root: CallNode
  /** Distinguishes transactions; also seeds the hash. */
  name?: string
  nonce?: number
}

export type BlockParts = {
  number?: number
  /** Distinguishes blocks of one height. */
  fork?: string
  parentHash?: Hash
  transactions: readonly TransactionParts[]
  pending?: boolean
  /** `receipts` leaves logs out of the frames, `none` out of the receipts too. */
  logs?: 'frames' | 'receipts' | 'none'
  traces?: 'callTracer' | 'none'
}

/** A bundle line as a node's answers would produce it. */
export function rawBlock(parts: BlockParts): Record<string, unknown> {
  const { number = 1, fork = '', transactions, logs = 'frames', traces = 'callTracer' } = parts
  const inBlock = transactions.map((tx, index) => ({ ...tx, hash: hashOf(tx.name ?? `${number}/${index}`) }))
  return {
    chainId: 1,
    ...(parts.pending === true ? { pending: true } : {}),
    block: {
      number: `0x${number.toString(16)}`,
      hash: parts.pending === true ? null : hashOf(`block ${number}${fork}`),
      parentHash: parts.parentHash ?? hashOf(`block ${number - 1}`),
      timestamp: `0x${(1_600_000_000 + number * 12).toString(16)}`,
      transactions: inBlock.map(({ hash, from, root, nonce = 7 }, index) => ({
        hash,
        from,
        to: root.type === 'CREATE' ? null : root.to,
        input: root.input,
        value: `0x${root.value.toString(16)}`,
        nonce: `0x${nonce.toString(16)}`,
        transactionIndex: `0x${index.toString(16)}`,
      })),
    },
    receipts: inBlock.map(({ hash, root }) => ({
      transactionHash: hash,
      status: root.error === undefined ? '0x1' : '0x0',
      logs: logs === 'none' ? null : allLogs(root),
    })),
    ...(traces === 'none'
      ? {}
      : {
          traces: inBlock.map(({ hash, from, root }) => ({
            txHash: hash,
            result: rawFrame(root, from, logs === 'frames'),
          })),
        }),
  }
}

export function block(parts: BlockParts): BlockBundle {
  return parseBundle(rawBlock(parts))
}

/** One transaction in its own block. */
export function transaction(parts: TransactionParts & Omit<BlockParts, 'transactions'>): BlockBundle {
  return block({ ...parts, transactions: [parts] })
}

/** geth's callTracer form of a tree. A delegated frame makes its calls in its caller's name. */
function rawFrame(node: CallNode, from: Address, withLog: boolean): Record<string, unknown> {
  const self = node.type === 'DELEGATECALL' || node.type === 'CALLCODE' ? from : (node.to ?? from)
  const calls: unknown[] = []
  const logs: unknown[] = []
  for (const item of node.inner) {
    if ('log' in item) logs.push({ ...item.log, position: `0x${calls.length.toString(16)}` })
    else calls.push(rawFrame(item, item.from ?? self, withLog))
  }
  return {
    type: node.type,
    from,
    ...(node.to === null ? {} : { to: node.to }),
    input: node.input,
    ...(node.output === '0x' ? {} : { output: node.output }),
    value: `0x${node.value.toString(16)}`,
    gas: '0x100000',
    gasUsed: '0x5208',
    ...(node.error === undefined ? {} : { error: node.error }),
    ...(calls.length === 0 ? {} : { calls }),
    ...(withLog && logs.length > 0 ? { logs } : {}),
  }
}

function allLogs(node: CallNode): unknown[] {
  if (node.error !== undefined) return []
  return node.inner.flatMap((item) => ('log' in item ? [item.log] : allLogs(item)))
}
