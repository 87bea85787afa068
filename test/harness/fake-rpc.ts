import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FakeBlock, FakeChain } from './fake-chain.ts'

/** A node's false answer. */
export type Instead =
  | { kind: 'result'; value: unknown }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'html' }
  | { kind: 'status'; status: number }
  | { kind: 'text'; body: string }
  | { kind: 'hang' }

export type FakeNode = {
  chain: FakeChain
  /** Methods that it does not have. */
  without: Set<string>
  /** Number of the block that it calls finalized; undefined if it does not know the tag. */
  finalized: number | undefined
  /** Called before each answer; undefined is the truth. */
  instead: (method: string, params: readonly unknown[]) => Instead | undefined
  /** Every requested method, in order. */
  asked: string[]
}

export function createFakeNode(chain: FakeChain): FakeNode {
  return { chain, without: new Set(), finalized: undefined, instead: () => undefined, asked: [] }
}

export class NodeRefused extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The true answer of a node to a JSON-RPC call. Throws {@link NodeRefused}. */
export function answer(node: FakeNode, method: string, params: readonly unknown[]): unknown {
  const known = methods[method]
  if (known === undefined || node.without.has(method))
    throw new NodeRefused(-32601, `the method ${method} does not exist/is not available`)
  return structuredClone(known(node, params) ?? null)
}

type Method = (node: FakeNode, params: readonly unknown[]) => unknown

const methods: Record<string, Method> = {
  eth_chainId: () => '0x1',
  web3_clientVersion: () => 'fake/1.0',
  eth_blockNumber: ({ chain }) => `0x${(chain.blocks.length - 1).toString(16)}`,
  eth_getBlockByNumber: (node, [tag]) => byTag(node, String(tag))?.raw.block,
  eth_getBlockByHash: (node, [hash]) => byHash(node, hash)?.raw.block,
  eth_getBlockReceipts: (node, [block]) => byEither(node, block)?.raw.receipts,
  eth_getTransactionReceipt: (node, [hash]) =>
    node.chain.blocks.flatMap(({ raw }) => raw.receipts).find((it) => it['transactionHash'] === hash),
  debug_traceBlockByHash: (node, [hash]) => byHash(node, hash)?.raw.traces,
  debug_traceBlockByNumber: (node, [tag]) => byTag(node, String(tag))?.raw.traces,
}

function byTag({ chain, finalized }: FakeNode, tag: string): FakeBlock | undefined {
  if (tag === 'latest') return chain.blocks.at(-1)
  if (tag !== 'finalized') return chain.blocks[Number(tag)]
  if (finalized === undefined) throw new NodeRefused(-32000, "'finalized' tag not supported")
  return chain.blocks[finalized]
}

function byHash({ chain }: FakeNode, hash: unknown): FakeBlock | undefined {
  return chain.blocks.find((it) => it.hash === hash)
}

function byEither(node: FakeNode, block: unknown): FakeBlock | undefined {
  return byHash(node, block) ?? byTag(node, String(block))
}

export type FakeServer = { node: FakeNode; url: string; close(): Promise<void> }

/** The node behind HTTP on 127.0.0.1. */
export async function serveFakeNode(node: FakeNode): Promise<FakeServer> {
  const server = createServer((request, response) => void handle(node, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    node,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Call = { id: unknown; method: string; params?: unknown[] }

async function handle(node: FakeNode, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { id, method, params = [] } = JSON.parse(body) as Call
  node.asked.push(method)
  const instead = node.instead(method, params)
  switch (instead?.kind) {
    case 'hang':
      return
    case 'html':
      response.setHeader('content-type', 'text/html')
      return void response.end('<html><body>502 Bad Gateway</body></html>')
    case 'status':
      response.statusCode = instead.status
      return void response.end('no')
    case 'text':
      response.setHeader('content-type', 'application/json')
      return void response.end(instead.body)
    default:
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome(node, { id, method, params }, instead) }))
  }
}

function outcome(node: FakeNode, { method, params = [] }: Call, instead: Instead | undefined): object {
  if (instead?.kind === 'result') return { result: instead.value }
  if (instead?.kind === 'error') return { error: { code: instead.code, message: instead.message } }
  try {
    return { result: answer(node, method, params) }
  } catch (thrown) {
    if (!(thrown instanceof NodeRefused)) throw thrown
    return { error: { code: thrown.code, message: thrown.message } }
  }
}
