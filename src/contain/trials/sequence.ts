import { required } from '../../chain/methods/answer.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import { sendTransaction } from '../../chain/methods/send-transaction.ts'
import {
  type BlockOverrides,
  type SimulatedBlock,
  type SimulatedResult,
  simulateV1,
} from '../../chain/methods/simulate-v1.ts'
import { traceTransaction } from '../../chain/methods/trace-transaction.ts'
import type { TransactionRequest } from '../../chain/methods/transaction-request.ts'
import type { Endpoint } from '../../chain/rpc/endpoint.ts'
import { createEndpoint } from '../../chain/rpc/endpoint.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { impersonate, increaseTime, setBalance } from '../../chain/sandbox/control.ts'
import { framesIfAny } from '../../chain/trace/call-tracer.ts'
import { CordonError } from '../../kit/error.ts'
import { NATIVE } from '../../model/block.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { Fees } from '../sending/fees.ts'
import { type Movement, movementsIn } from './movements.ts'

/** A call from any account: a simulation needs no signature. */
export type SimulatedCall = {
  from: Address
  to: Address | null
  data: Hex
  value: bigint
  gas?: number
  /** The offered fee, wei per gas unit; 0 when left out. */
  fees?: Fees
  /** The access list that it paid for (EIP-2930): an attack may depend on the gas cost of a slot. */
  accessList?: readonly { address: Address; storageKeys: readonly Hash[] }[]
  /** Seconds that pass before it, in addition to the block. */
  laterBy?: number
}
/** `movements`: the movements of the call that were not reverted. */
export type CallResult = {
  succeeded: boolean
  gasUsed: number
  output: Hex
  movements: readonly Movement[]
}

/** The parts of a block that the EVM can read. Time in seconds since the epoch, base fee in wei per gas unit. */
export type BlockContext = {
  number: number
  timestamp: number
  baseFee: bigint | null
  gasLimit: number
  coinbase: Address
  prevRandao: Hash | null
}

/**
 * All calls in one block: the next one, or a past one as it was. `isStrict`: senders pay the base fee, as on the chain;
 * where they do not, some nodes (anvil 1.7) show a base fee of 0 to the EVM, whatever the block's own was.
 */
export type OneBlock = { within: BlockContext | null; isStrict?: boolean }

/**
 * Runs calls in sequence on the state after `block`, changes nothing, and returns each result. Each has its own block,
 * like a pause and the attack after it, unless `OneBlock` puts them into one. Every sender has enough money to pay.
 */
export type Sequencer = {
  method: 'eth_simulateV1' | 'fork'
  run(block: number, calls: readonly SimulatedCall[], one?: OneBlock): Promise<CallResult[]>
  close(): Promise<void>
}

/** Ether lent to every sender in a simulation, so that fees and low balances do not decide it. wei */
const PLENTY = 10n ** 24n

export function simulateV1Sequencer(rpc: Rpc): Sequencer {
  return {
    method: 'eth_simulateV1',
    async run(block, calls, one) {
      const blocks =
        one === undefined
          ? await blocksApart(rpc, block, calls)
          : [{ overrides: overridesOf(one.within), calls: paying(calls, one).map(requestOf) }]
      const [first, ...others] = blocks
      const simulated = [{ calls: [], ...first, balances: lentTo(calls) }, ...others]
      const options = { block, validation: one?.isStrict === true, traceTransfers: true }
      return (await simulateV1(rpc, simulated, options)).flat().map(resultOf)
    },
    close: async () => {},
  }
}

function resultOf({ succeeded, gasUsed, returnData, logs }: SimulatedResult): CallResult {
  const movements = succeeded ? movementsIn(logs) : []
  return { succeeded, gasUsed: Number(gasUsed ?? 0n), output: returnData ?? '0x', movements }
}

function paying(calls: readonly SimulatedCall[], { within, isStrict }: OneBlock): readonly SimulatedCall[] {
  const maxFeePerGas = within?.baseFee
  if (isStrict !== true || maxFeePerGas === null || maxFeePerGas === undefined) return calls
  return calls.map((call) => ({ fees: { maxFeePerGas, maxPriorityFeePerGas: 0n }, ...call }))
}

function lentTo(calls: readonly SimulatedCall[]): Record<Address, bigint> {
  const balance = calls.reduce((sum, { value }) => sum + value, PLENTY)
  return Object.fromEntries(calls.map(({ from }) => [from, balance]))
}

function overridesOf(within: BlockContext | null): BlockOverrides {
  if (within === null) return {}
  const { number, timestamp, baseFee, gasLimit, coinbase, prevRandao } = within
  return {
    number,
    time: timestamp,
    gasLimit,
    feeRecipient: coinbase,
    ...(baseFee === null ? {} : { baseFeePerGas: baseFee }),
    ...(prevRandao === null ? {} : { prevRandao }),
  }
}

/** A block gets its own timestamp only where a call waits. */
async function blocksApart(
  rpc: Rpc,
  block: number,
  calls: readonly SimulatedCall[],
): Promise<SimulatedBlock[]> {
  if (!calls.some(({ laterBy }) => laterBy !== undefined))
    return calls.map((call) => ({ calls: [requestOf(call)] }))
  let time = required((await getBlock(rpc, block))?.timestamp, 'block.timestamp')
  return calls.map((call) => {
    time += SECONDS_A_BLOCK + (call.laterBy ?? 0)
    return { overrides: { time }, calls: [requestOf(call)] }
  })
}

const SECONDS_A_BLOCK = 12

/**
 * An anvil sidecar that forks the node: for nodes without `eth_simulateV1`. Slower, and needs the anvil binary. Every
 * call has its own block even where one block was requested: the joint effect of two transactions in one block is not
 * seen here.
 */
export function forkSequencer(forkUrl: string): Sequencer {
  return {
    method: 'fork',
    async run(block, calls) {
      const anvil = await startAnvil({ mining: { kind: 'auto' }, forkUrl, forkBlock: block })
      const endpoint = createEndpoint(anvil.url)
      try {
        const results: CallResult[] = []
        for (const call of calls) results.push(await sendOnFork(endpoint, call))
        return results
      } finally {
        await endpoint.close()
        await anvil.stop()
      }
    },
    close: async () => {},
  }
}

async function sendOnFork(endpoint: Endpoint, call: SimulatedCall): Promise<CallResult> {
  await impersonate(endpoint, call.from)
  await setBalance(endpoint, call.from, PLENTY + call.value)
  if (call.laterBy !== undefined) await increaseTime(endpoint, call.laterBy)
  const hash = await sendTransaction(endpoint, { ...requestOf(call), gas: BigInt(call.gas ?? 30_000_000) })
  for (let tries = 0; tries < 200; tries++) {
    const receipt = await getTransactionReceipt(endpoint, hash)
    if (receipt !== null) {
      const { succeeded, gasUsed, logs } = receipt
      const coin = succeeded ? await coinMoved(endpoint, hash) : []
      const movements = succeeded ? [...movementsIn(logs), ...coin] : []
      return { succeeded, gasUsed: Number(gasUsed), output: '0x', movements }
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new CordonError({
    code: 'contain.ForkStalled',
    message: 'The simulation fork accepted a call but did not mine it.',
    facts: { transaction: hash },
    fix: 'Run it again; if it stays so, use a node with eth_simulateV1.',
    retryable: true,
  })
}

/**
 * The coin that calls of a mined transaction moved. A delegated call shows the value of the call around it and moves
 * nothing.
 */
async function coinMoved(endpoint: Endpoint, hash: Hash): Promise<Movement[]> {
  const answer = await traceTransaction(endpoint, { hash, tracer: { tracer: 'callTracer' } })
  const frames = framesIfAny(answer, 'trace of a simulated call')
  return frames.flatMap(({ type, from, to, value, reverted }) => {
    const isDelegated = type === 'DELEGATECALL' || type === 'CALLCODE'
    if (reverted || isDelegated || value === 0n || from === null || to === null) return []
    return [{ asset: NATIVE, from, to, amount: value }]
  })
}

function requestOf({ from, to, data, value, gas, fees, accessList }: SimulatedCall): TransactionRequest {
  return {
    from,
    ...(to === null ? {} : { to }),
    input: data,
    value,
    ...(gas === undefined ? {} : { gas: BigInt(gas) }),
    ...(accessList === undefined ? {} : { accessList }),
    ...fees,
  }
}
