import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { keccak256, toHex } from 'viem'
import { z } from 'zod'
import { type Address, addressSchema, type Hex, hexSchema } from '../../src/model/hex.ts'

const codeSchema = z
  .record(z.string(), z.object({ bytecode: hexSchema, original_len: z.number().int() }))
  .transform((kinds) => {
    const [code] = Object.values(kinds)
    // Foundry pads analysed code with zeros (STOP) after its true length.
    return code === undefined ? '0x' : (code.bytecode.slice(0, 2 + 2 * code.original_len) as Hex)
  })

const accountSchema = z.object({ balance: hexSchema, nonce: z.coerce.number(), code: codeSchema.nullable() })

/** A file of Foundry's RPC cache: the state that one attack touched on the real chain, at its fork block. */
const stateSchema = z.object({
  meta: z.object({
    block_env: z.object({
      number: z.coerce.number(),
      beneficiary: addressSchema,
      timestamp: hexSchema,
      gas_limit: z.number(),
      basefee: z.number(),
      difficulty: hexSchema,
      prevrandao: hexSchema.nullish(),
    }),
  }),
  accounts: z.record(addressSchema, accountSchema),
  storage: z.record(addressSchema, z.record(z.string(), hexSchema)),
  block_hashes: z.record(z.string(), hexSchema),
})
export type RecordedState = z.infer<typeof stateSchema>

export function readRecordedState(path: string): RecordedState {
  return stateSchema.parse(JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')))
}

/** Addresses of a recorded state that have code, in the file's order. */
export function contractsOf({ accounts }: RecordedState): Address[] {
  return Object.entries(accounts).flatMap(([address, { code }]) =>
    code === null || code === '0x' || code === '0x00' ? [] : [address as Address],
  )
}

export type StateNode = {
  url: string
  /** Requested storage that is not in the file: it was answered with zero, which may be untrue. */
  missingSlots: ReadonlyMap<Address, ReadonlySet<Hex>>
  /** Requested accounts that are not in the file: answered as empty. */
  missingAccounts: ReadonlySet<Address>
  close(): Promise<void>
}

type Served = {
  state: RecordedState
  chainId: number
  missingSlots: Map<Address, Set<Hex>>
  missingAccounts: Set<Address>
}

/**
 * A recorded state as an archive node on 127.0.0.1 whose latest block is the fork block; every block has this one
 * state.
 */
export async function serveState(state: RecordedState, chainId: number): Promise<StateNode> {
  const served: Served = { state, chainId, missingSlots: new Map(), missingAccounts: new Set() }
  const server = createServer((request, response) => void handle(served, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    missingSlots: served.missingSlots,
    missingAccounts: served.missingAccounts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const callSchema = z.object({
  id: z.unknown(),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
})
type Call = z.infer<typeof callSchema>

async function handle(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  const answer = Array.isArray(body)
    ? body.map((each) => answerOf(served, callSchema.parse(each)))
    : answerOf(served, callSchema.parse(body))
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
}

function answerOf(served: Served, { id, method, params }: Call): object {
  const known = methods[method]
  if (known === undefined)
    return { jsonrpc: '2.0', id, error: { code: -32601, message: `the method ${method} does not exist` } }
  return { jsonrpc: '2.0', id, result: known(served, params) }
}

const methods: Record<string, (served: Served, params: readonly unknown[]) => unknown> = {
  eth_chainId: ({ chainId }) => toHex(chainId),
  net_version: ({ chainId }) => String(chainId),
  web3_clientVersion: () => 'recorded-state/1.0',
  eth_syncing: () => false,
  eth_blockNumber: ({ state }) => toHex(state.meta.block_env.number),
  eth_gasPrice: ({ state }) => toHex(gasPriceOf(state)),
  eth_maxPriorityFeePerGas: () => '0x3b9aca00',
  eth_feeHistory: ({ state }) => {
    const { number, basefee } = state.meta.block_env
    const fee = toHex(basefee)
    return { oldestBlock: toHex(number), baseFeePerGas: [fee, fee], gasUsedRatio: [0.5], reward: [[fee]] }
  },
  eth_getBlockByNumber: ({ state }, [tag]) => blockAt(state, numberOf(state, tag)),
  eth_getBlockByHash: ({ state }, [hash]) => blockByHash(state, String(hash)),
  eth_getTransactionByHash: () => null,
  eth_getTransactionReceipt: () => null,
  eth_getBlockReceipts: () => [],
  eth_getLogs: () => [],
  eth_getBalance: (served, [address]) => accountAt(served, address)?.balance ?? '0x0',
  eth_getTransactionCount: (served, [address]) => toHex(accountAt(served, address)?.nonce ?? 0),
  eth_getCode: (served, [address]) => codeAt(served, address),
  eth_getStorageAt: (served, [address, slot]) => slotAt(served, address, slot),
  eth_getProof: (served, [address, slots]) => proofOf(served, address, z.array(z.string()).parse(slots)),
}

function accountAt({ state, missingAccounts }: Served, given: unknown) {
  const address = addressSchema.parse(given)
  const account = state.accounts[address]
  if (account === undefined) missingAccounts.add(address)
  return account
}

function codeAt(served: Served, address: unknown): Hex {
  const code = accountAt(served, address)?.code ?? '0x'
  return code === '0x00' ? '0x' : code
}

function slotAt({ state, missingSlots }: Served, givenAddress: unknown, givenSlot: unknown): Hex {
  const address = addressSchema.parse(givenAddress)
  const slot = toHex(BigInt(String(givenSlot)))
  const value = state.storage[address]?.[slot]
  if (value === undefined) missingSlots.set(address, (missingSlots.get(address) ?? new Set()).add(slot))
  return toHex(BigInt(value ?? 0), { size: 32 })
}

const NO_CODE = keccak256('0x')
/** There is no Merkle tree: proofs are empty, and no test checks them. */
function proofOf(served: Served, given: unknown, slots: readonly string[]): object {
  const code = codeAt(served, given)
  return {
    address: given,
    accountProof: [],
    balance: accountAt(served, given)?.balance ?? '0x0',
    nonce: toHex(accountAt(served, given)?.nonce ?? 0),
    codeHash: code === '0x' ? NO_CODE : keccak256(code),
    storageHash: NO_CODE,
    storageProof: slots.map((key) => ({ key, value: slotAt(served, given, key), proof: [] })),
  }
}

function numberOf({ meta }: RecordedState, tag: unknown): number {
  return typeof tag === 'string' && tag.startsWith('0x') ? Number(tag) : meta.block_env.number
}

function gasPriceOf({ meta }: RecordedState): number {
  return meta.block_env.basefee + 1_000_000_000
}

function hashAt(state: RecordedState, number: number): Hex {
  if (number < 0) return toHex(0, { size: 32 })
  return state.block_hashes[toHex(number)] ?? keccak256(toHex(`recorded state, block ${number}`))
}

function blockByHash(state: RecordedState, hash: string): object | null {
  const { number } = state.meta.block_env
  const found = Array.from({ length: 257 }, (_, back) => number - back).find(
    (each) => each >= 0 && hashAt(state, each) === hash,
  )
  return found === undefined ? null : blockAt(state, found)
}

const ZERO_WORD = `0x${'0'.repeat(64)}`
const NO_UNCLES = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
const SECONDS_A_BLOCK = 12

/** Earlier blocks are synthetic, with the times that they would have. */
function blockAt(state: RecordedState, number: number): object | null {
  const env = state.meta.block_env
  if (number > env.number || number < 0) return null
  const timestamp = Number(env.timestamp) - (env.number - number) * SECONDS_A_BLOCK
  return {
    number: toHex(number),
    hash: hashAt(state, number),
    parentHash: hashAt(state, number - 1),
    timestamp: toHex(timestamp),
    miner: env.beneficiary,
    // More than a block may have: anvil uses it as the block's size, and old chains' are too small for puppets.
    gasLimit: toHex(Math.min(Math.max(env.gas_limit, 30_000_000), 1_000_000_000)),
    gasUsed: '0x0',
    baseFeePerGas: toHex(env.basefee),
    difficulty: env.difficulty,
    totalDifficulty: env.difficulty,
    mixHash: env.prevrandao ?? ZERO_WORD,
    extraData: '0x',
    nonce: '0x0000000000000000',
    size: '0x400',
    sha3Uncles: NO_UNCLES,
    stateRoot: ZERO_WORD,
    transactionsRoot: ZERO_WORD,
    receiptsRoot: ZERO_WORD,
    logsBloom: `0x${'0'.repeat(512)}`,
    transactions: [],
    uncles: [],
  }
}
