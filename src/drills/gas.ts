import { required } from '../chain/methods/answer.ts'
import type { Asker } from '../chain/methods/asker.ts'
import { estimateGas } from '../chain/methods/estimate-gas.ts'
import { getBlock } from '../chain/methods/get-block.ts'
import { simulateV1 } from '../chain/methods/simulate-v1.ts'
import type { TransactionRequest } from '../chain/methods/transaction-request.ts'
import type { Address, Hex } from '../model/hex.ts'
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

const DEFAULT_GAS = 600_000n
/** Factor between a guess and the gas used. */
const GUESSED_TIMES = 4n
/** Room for all of them in one simulated block, however small the chain's own blocks are. */
const SIMULATED_BLOCK_GAS = 100_000_000

/**
 * Gives each call the gas that it uses when they are mined in this order on the newest block, plus half and a little
 * for changes until then; gas that is refunded at the end is needed until then. Prices of state differ between chains
 * and forks, so the node is asked.
 */
export async function withGasLimits(
  asker: Asker,
  calls: readonly DrillCall[],
): Promise<readonly LimitedCall[]> {
  const needed = calls.every(({ gasLimit }) => gasLimit !== undefined) ? [] : await gasNeededBy(asker, calls)
  return calls.map((call, index) => {
    const estimate = needed[index]
    const guessed = call.gas ?? DEFAULT_GAS
    const gasLimit = call.gasLimit ?? (estimate ? (estimate * 3n) / 2n + 50_000n : guessed)
    return { ...call, gasLimit, likelyGas: estimate ?? guessed / GUESSED_TIMES }
  })
}

/** A single call can be estimated, inner calls included; of several, each needs the effects of those before it. */
async function gasNeededBy(asker: Asker, calls: readonly DrillCall[]): Promise<readonly (bigint | null)[]> {
  const [only, ...others] = calls
  if (only === undefined || others.length > 0) return gasUsedBy(asker, calls)
  try {
    return [await estimateGas(asker, requestOf(only))]
  } catch {
    return [null]
  }
}

function requestOf({ from, to, data, value = 0n }: DrillCall): TransactionRequest {
  return { from: addressOf(from), ...(to === null ? {} : { to }), input: data, value }
}

async function gasUsedBy(asker: Asker, calls: readonly DrillCall[]): Promise<readonly (bigint | null)[]> {
  const head = await getBlock(asker, 'latest')
  const number = required(head?.number, 'block.number')
  const time = required(head?.timestamp, 'block.timestamp') + 1
  const block = { overrides: { gasLimit: SIMULATED_BLOCK_GAS, time }, calls: calls.map(requestOf) }
  try {
    const [results] = await simulateV1(asker, [block], { block: number })
    return (results ?? []).map(({ succeeded, gasUsed, maxUsedGas }) =>
      succeeded ? (maxUsedGas ?? gasUsed) : null,
    )
  } catch {
    return []
  }
}
