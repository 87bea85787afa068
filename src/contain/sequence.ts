import { startAnvil } from '../chain/anvil.ts'
import type { Endpoint } from '../chain/rpc/endpoint.ts'
import { createEndpoint } from '../chain/rpc/endpoint.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { array, object } from '../chain/trace/fields.ts'
import { CordonError } from '../kit/error.ts'
import type { Address, Hex } from '../model/hex.ts'
import { toHex } from './block-tag.ts'

/** A call as anybody could make it: no signature needed in a simulation. */
export type SimulatedCall = {
  from: Address
  to: Address | null
  data: Hex
  value: bigint
  gas?: number
  /** Seconds that pass before it, besides the block. */
  laterBy?: number
}
export type CallResult = { succeeded: boolean; gasUsed: number; output: Hex }

/** Runs calls one after the other on the state after `block`, changes nothing, gives each result. */
export type Sequencer = {
  method: 'eth_simulateV1' | 'fork'
  run(block: number, calls: readonly SimulatedCall[]): Promise<CallResult[]>
  close(): Promise<void>
}

/** Ether lent to every sender in a simulation, so that fees and poverty do not decide it. wei */
const PLENTY = 10n ** 24n

export function simulateV1Sequencer(rpc: Rpc): Sequencer {
  return {
    method: 'eth_simulateV1',
    async run(block, calls) {
      // A block of its own for each call: the attack comes a block after the pause, as it would.
      const times = await timesOf(rpc, block, calls)
      const blockStateCalls = calls.map((call, i) => ({ ...times[i], calls: [rpcCall(call)] }))
      const answer = await rpc.request('eth_simulateV1', [
        { blockStateCalls, validation: false },
        toHex(block),
      ])
      return array(answer, 'eth_simulateV1').map((item, i) => {
        const results = array(object(item, 'eth_simulateV1')['calls'], `eth_simulateV1[${i}].calls`)
        const result = object(results[0], `eth_simulateV1[${i}].calls[0]`)
        return {
          succeeded: result['status'] === '0x1',
          gasUsed: Number(result['gasUsed'] ?? 0),
          output: String(result['returnData'] ?? '0x') as Hex,
        }
      })
    },
    close: async () => {},
  }
}

/** A block has a time of its own only where somebody waits. */
async function timesOf(
  rpc: Rpc,
  block: number,
  calls: readonly SimulatedCall[],
): Promise<{ blockOverrides?: { time: string } }[]> {
  if (!calls.some(({ laterBy }) => laterBy !== undefined)) return []
  const base = object(await rpc.request('eth_getBlockByNumber', [toHex(block), false]), 'block')
  let time = Number(base['timestamp'])
  return calls.map(({ laterBy = 0 }) => {
    time += SECONDS_A_BLOCK + laterBy
    return { blockOverrides: { time: toHex(time) } }
  })
}

const SECONDS_A_BLOCK = 12

/** An anvil sidecar that forks the node: for nodes without `eth_simulateV1`. Slower, and needs the anvil binary. */
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
  await endpoint.request('anvil_impersonateAccount', [call.from])
  await endpoint.request('anvil_setBalance', [call.from, toHex(PLENTY + call.value)])
  if (call.laterBy !== undefined) await endpoint.request('evm_increaseTime', [toHex(call.laterBy)])
  const gas = call.gas ?? 30_000_000
  const hash = await endpoint.request('eth_sendTransaction', [{ ...rpcCall(call), gas: toHex(gas) }])
  for (let tries = 0; tries < 200; tries++) {
    const found = await endpoint.request('eth_getTransactionReceipt', [hash])
    if (found !== null) {
      const receipt = object(found, 'receipt')
      return { succeeded: receipt['status'] === '0x1', gasUsed: Number(receipt['gasUsed']), output: '0x' }
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

function rpcCall(call: SimulatedCall): Record<string, unknown> {
  const { from, to, data, value, gas } = call
  return {
    from,
    ...(to === null ? {} : { to }),
    input: data,
    value: toHex(value),
    ...(gas === undefined ? {} : { gas: toHex(gas) }),
  }
}
