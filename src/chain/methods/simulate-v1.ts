import { z } from 'zod'
import { type Address, type Hash, hexSchema } from '../../model/hex.ts'
import { amount, optional, parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'
import { type TransactionRequest, wire } from './transaction-request.ts'

/** The EVM's view of a block. Time in seconds since the epoch, base fee in wei per gas unit. */
export type BlockOverrides = {
  number?: number
  time?: number
  gasLimit?: number
  feeRecipient?: Address
  baseFeePerGas?: bigint
  prevRandao?: Hash
}

/** Calls that one block holds, after `balances` (wei) were put on accounts. */
export type SimulatedBlock = {
  overrides?: BlockOverrides
  balances?: Record<Address, bigint>
  calls: readonly TransactionRequest[]
}

export type SimulateOptions = {
  /** The calls run on the state after it. */
  block: BlockTag
  /** Senders pay the base fee and have the right nonces, as on the chain. */
  validation?: boolean
  /** Moved coin is logged like a token's transfer. */
  traceTransfers?: boolean
}

const callSchema = z.object({
  status: optional(amount).transform((status) => status === 1n),
  gasUsed: optional(amount),
  /** Before refunds, where the node tells it. */
  maxUsedGas: optional(amount),
  returnData: optional(hexSchema),
  logs: z.unknown().optional(),
})
const answerSchema = z.array(z.object({ calls: z.array(callSchema) }))

/** The result of a simulated call; gas in gas units. */
export type SimulatedResult = { succeeded: boolean } & Omit<z.infer<typeof callSchema>, 'status'>

/** The results of calls in blocks that follow one another, block by block. Throws `chain.MalformedField`. */
export async function simulateV1(
  asker: Asker,
  blocks: readonly SimulatedBlock[],
  { block, ...flags }: SimulateOptions,
): Promise<SimulatedResult[][]> {
  const request = { blockStateCalls: blocks.map(wireBlock), ...flags }
  const answer = await asker.request('eth_simulateV1', [request, tagOf(block)])
  return parsed(answerSchema, 'eth_simulateV1', answer).map(({ calls }) =>
    calls.map(({ status, ...result }) => ({ ...result, succeeded: status })),
  )
}

function wireBlock({ overrides, balances, calls }: SimulatedBlock): Record<string, unknown> {
  return {
    ...(overrides === undefined ? {} : { blockOverrides: wire(overrides) }),
    ...(balances === undefined ? {} : { stateOverrides: wireBalances(balances) }),
    calls: calls.map(wire),
  }
}

function wireBalances(balances: Record<Address, bigint>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(balances).map(([account, balance]) => [account, wire({ balance })]),
  )
}
