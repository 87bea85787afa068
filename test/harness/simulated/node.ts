import { keccak256, parseTransaction, recoverTransactionAddress } from 'viem'
import { toHex } from '../../../src/chain/methods/block-tag.ts'
import type { Address, Hash, Hex } from '../../../src/model/hex.ts'
import {
  execute,
  FIRST_BLOCK,
  nonceAt,
  SELECTORS,
  type SimBlock,
  type SimChain,
  SimRefused,
  type SimTransaction,
  submit,
} from './chain.ts'

/** The chain as one node sees it: `lag` blocks behind the head. */
export type SimNode = { chain: SimChain; lag: number }

/** A dispatcher with the functions of the contract, as a compiler writes it. */
const CODE = `0x60003560e01c${Object.values(SELECTORS)
  .map((selector) => `8063${selector.slice(2)}14610100 57`.replace(' ', ''))
  .join('')}00`

const WORD = { yes: toHex(1).replace('0x', '0x'.padEnd(65, '0')), no: `0x${'0'.repeat(64)}` }

/** The answers of a truthful node. Throws {@link SimRefused}. */
export async function answer(node: SimNode, method: string, params: readonly unknown[]): Promise<unknown> {
  const known = methods[method]
  if (known === undefined)
    throw new SimRefused(-32601, `the method ${method} does not exist/is not available`)
  return known(node, params)
}

type Method = (node: SimNode, params: readonly unknown[]) => unknown

const methods: Readonly<Record<string, Method>> = {
  eth_chainId: ({ chain }) => toHex(chain.chainId),
  eth_blockNumber: (node) => toHex(headOfNode(node).number),
  eth_getBlockByNumber: (node, [tag, full]) => blockJson(blockAt(node, tag), full === true),
  eth_getTransactionByHash: (node, [hash]) => transactionByHash(node, hash as Hash),
  eth_getTransactionReceipt: (node, [hash]) => receiptJson(node, hash as Hash),
  eth_getTransactionCount: (node, [address, tag]) => toHex(countOf(node, address as Address, tag)),
  eth_getCode: ({ chain }, [address]) => (address === chain.contract ? CODE : '0x'),
  eth_getStorageAt: () => WORD.no,
  eth_getBalance: () => toHex(10n ** 20n),
  eth_call: (node, [call, tag]) => callOn(node, call as RpcCall, tag),
  eth_simulateV1: (node, [options, tag]) => simulate(node, options as Simulated, tag),
  eth_sendRawTransaction: async ({ chain }, [raw]) => {
    const transaction = await decode(raw as Hex)
    submit(chain, transaction)
    return transaction.hash
  },
}

function blocksOf({ chain, lag }: SimNode): SimBlock[] {
  return chain.blocks.slice(0, Math.max(1, chain.blocks.length - lag))
}

function headOfNode(node: SimNode): SimBlock {
  const head = blocksOf(node).at(-1)
  if (head === undefined) throw new TypeError('a chain has a first block')
  return head
}

function blockAt(node: SimNode, tag: unknown): SimBlock | undefined {
  if (tag === 'latest' || tag === 'pending') return headOfNode(node)
  return blocksOf(node)[Number(tag) - FIRST_BLOCK]
}

function stateAt(node: SimNode, tag: unknown): SimBlock['state'] {
  const block = blockAt(node, tag)
  if (block === undefined) throw new SimRefused(-32000, 'header not found')
  return block.state
}

/** `pending` counts the transactions that wait in the pool without a gap. */
function countOf(node: SimNode, address: Address, tag: unknown): number {
  let count = nonceAt(stateAt(node, tag), address)
  if (tag !== 'pending') return count
  const waiting = new Set(
    [...node.chain.pool.values()].filter(({ from }) => from === address).map(({ nonce }) => nonce),
  )
  while (waiting.has(count)) count++
  return count
}

type RpcCall = { from?: Address; to?: Address; data?: Hex; input?: Hex }

function run(
  node: SimNode,
  paused: boolean,
  call: RpcCall,
): { succeeded: boolean; paused: boolean; data: Hex } {
  const data = call.input ?? call.data ?? '0x'
  const from = call.from ?? '0x0000000000000000000000000000000000000000'
  return { ...execute(node.chain, paused, { from, to: call.to ?? null, data }), data }
}

function callOn(node: SimNode, call: RpcCall, tag: unknown): string {
  const { succeeded, paused, data } = run(node, stateAt(node, tag).paused, call)
  if (!succeeded) throw new SimRefused(3, 'execution reverted')
  if (!data.startsWith(SELECTORS.paused)) return '0x'
  return paused ? WORD.yes : WORD.no
}

type Simulated = { blockStateCalls: readonly { calls: readonly RpcCall[] }[] }

function simulate(node: SimNode, { blockStateCalls }: Simulated, tag: unknown): unknown {
  let { paused } = stateAt(node, tag)
  return blockStateCalls.map(({ calls }) => ({
    calls: calls.map((call) => {
      const result = run(node, paused, call)
      if (result.succeeded) paused = result.paused
      return { status: result.succeeded ? '0x1' : '0x0', gasUsed: toHex(45_000), returnData: '0x' }
    }),
  }))
}

/** A signed transaction, decoded; its sender from the signature. */
export async function decode(raw: Hex): Promise<SimTransaction> {
  const parsed = parseTransaction(raw)
  const from = await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })
  return {
    raw,
    hash: keccak256(raw),
    from: from.toLowerCase() as Address,
    to: (parsed.to?.toLowerCase() ?? null) as Address | null,
    data: parsed.data ?? '0x',
    value: parsed.value ?? 0n,
    gas: parsed.gas ?? 0n,
    nonce: parsed.nonce ?? 0,
    maxFee: parsed.maxFeePerGas ?? 0n,
    tip: parsed.maxPriorityFeePerGas ?? 0n,
  }
}

function blockJson(block: SimBlock | undefined, full: boolean): unknown {
  if (block === undefined) return null
  return {
    number: toHex(block.number),
    hash: block.hash,
    parentHash: block.parentHash,
    timestamp: toHex(block.timestamp),
    baseFeePerGas: toHex(block.baseFee),
    transactions: block.transactions.map((it) => (full ? transactionJson(it, block) : it.hash)),
  }
}

function transactionJson(it: SimTransaction, block: SimBlock | null): unknown {
  return {
    hash: it.hash,
    from: it.from,
    to: it.to,
    input: it.data,
    value: toHex(it.value),
    gas: toHex(it.gas),
    nonce: toHex(it.nonce),
    maxFeePerGas: toHex(it.maxFee),
    maxPriorityFeePerGas: toHex(it.tip),
    blockNumber: block === null ? null : toHex(block.number),
    blockHash: block?.hash ?? null,
  }
}

function holding(node: SimNode, hash: Hash): SimBlock | undefined {
  return blocksOf(node).find(({ transactions }) => transactions.some((it) => it.hash === hash))
}

function transactionByHash(node: SimNode, hash: Hash): unknown {
  const block = holding(node, hash)
  const found = block?.transactions.find((it) => it.hash === hash) ?? node.chain.pool.get(hash)
  return found === undefined ? null : transactionJson(found, block ?? null)
}

function receiptJson(node: SimNode, hash: Hash): unknown {
  const block = holding(node, hash)
  if (block === undefined) return null
  return {
    transactionHash: hash,
    status: block.reverted.has(hash) ? '0x0' : '0x1',
    blockNumber: toHex(block.number),
    blockHash: block.hash,
  }
}
