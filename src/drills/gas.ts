import { z } from 'zod'
import { type Address, type Hex, quantitySchema } from '../model/hex.ts'
import { addressOf, type DrillRole } from './accounts.ts'

/** One transaction to send. `label` names it in results and errors. */
export type DrillCall = {
  label: string
  from: DrillRole
  /** Null creates a contract. */
  to: Address | null
  data: Hex
  /** wei */
  value?: bigint
  /** Gas units if the node cannot estimate: the call reverts, or the node does not simulate. 600,000 by default. */
  gas?: bigint
  /** Gas units independent of the node's estimate. */
  gasLimit?: bigint
}
export type LimitedCall = DrillCall & { gasLimit: bigint; likelyGas: bigint }

type Request = (method: string, params?: readonly unknown[]) => Promise<unknown>

const DEFAULT_GAS = 600_000n
/** Factor between a guess and the gas used. */
const GUESSED_TIMES = 4n
/** Room for all of them in one simulated block, however small the chain's own blocks are. */
const SIMULATED_BLOCK_GAS = '0x5f5e100'

const number = quantitySchema.transform(Number)
const bigint = quantitySchema.transform(BigInt)
const headSchema = z.object({ number: quantitySchema, timestamp: number })
const simulatedCallSchema = z.object({ status: number, gasUsed: bigint, maxUsedGas: bigint.optional() })
const simulatedSchema = z.array(z.object({ calls: z.array(simulatedCallSchema) })).min(1)

/**
 * Gives each call the gas that it uses when they are mined in this order on the newest block, plus half and a little
 * for changes until then; gas that is refunded at the end is needed until then. Prices of state differ between chains
 * and forks, so the node is asked.
 */
export async function withGasLimits(
  request: Request,
  calls: readonly DrillCall[],
): Promise<readonly LimitedCall[]> {
  const needed = calls.every(({ gasLimit }) => gasLimit !== undefined)
    ? []
    : await gasNeededBy(request, calls)
  return calls.map((call, index) => {
    const estimate = needed[index]
    const guessed = call.gas ?? DEFAULT_GAS
    const gasLimit = call.gasLimit ?? (estimate ? (estimate * 3n) / 2n + 50_000n : guessed)
    return { ...call, gasLimit, likelyGas: estimate ?? guessed / GUESSED_TIMES }
  })
}

/** A single call can be estimated, inner calls included; of several, each needs the effects of those before it. */
async function gasNeededBy(
  request: Request,
  calls: readonly DrillCall[],
): Promise<readonly (bigint | null)[]> {
  const [only, ...others] = calls
  if (only === undefined || others.length > 0) return gasUsedBy(request, calls)
  try {
    return [bigint.parse(await request('eth_estimateGas', [rpcCall(only)]))]
  } catch {
    return [null]
  }
}

function rpcCall({ from, to, data, value = 0n }: DrillCall): Record<string, unknown> {
  return {
    from: addressOf(from),
    ...(to === null ? {} : { to }),
    input: data,
    value: `0x${value.toString(16)}`,
  }
}

async function gasUsedBy(request: Request, calls: readonly DrillCall[]): Promise<readonly (bigint | null)[]> {
  const head = headSchema.parse(await request('eth_getBlockByNumber', ['latest', false]))
  const time = `0x${(head.timestamp + 1).toString(16)}`
  const block = {
    blockOverrides: { gasLimit: SIMULATED_BLOCK_GAS, time },
    calls: calls.map(rpcCall),
  }
  try {
    const answer = await request('eth_simulateV1', [{ blockStateCalls: [block] }, head.number])
    const [simulated] = simulatedSchema.parse(answer)
    return (simulated?.calls ?? []).map(({ status, gasUsed, maxUsedGas = gasUsed }) =>
      status === 1 ? maxUsedGas : null,
    )
  } catch {
    return []
  }
}
