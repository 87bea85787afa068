import { formatGwei } from 'viem'

/** wei per gas unit */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

export type FeePolicy = {
  /** The minimum tip, wei per gas unit. */
  minPriorityFeePerGas: bigint
  /** The maximum that is ever paid, wei per gas unit. */
  maxFeePerGasCap: bigint
  /** The fees of a pending attack that must be outbid, wei per gas unit; null when there is none. */
  outbid: Fees | null
}

/**
 * Tip and ceiling for inclusion in the next block, wei per gas unit. A pending attack is outbid by an eighth in both:
 * builders order by the tip that is actually paid, some nodes by the ceiling.
 */
export function feesFor({ minPriorityFeePerGas, maxFeePerGasCap, outbid }: FeePolicy, baseFee: bigint): Fees {
  const tip =
    outbid === null ? minPriorityFeePerGas : larger(minPriorityFeePerGas, above(outbid.maxPriorityFeePerGas))
  const ceiling = larger(baseFee * 2n + tip, outbid === null ? 0n : above(outbid.maxFeePerGas))
  const maxFeePerGas = smaller(ceiling, maxFeePerGasCap)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) }
}

/** Why nothing can be mined while the fee cap is below the base fee; null where it is not below. */
export function capTooLow(
  { maxFeePerGasCap: cap }: Pick<FeePolicy, 'maxFeePerGasCap'>,
  baseFee: bigint,
): string | null {
  if (cap >= baseFee) return null
  return `the fee cap of ${formatGwei(cap)} gwei is below the base fee of ${formatGwei(baseFee)} gwei, so nothing is mined: raise fees.maxFeePerGasCap and start Cordon again, or make this call by hand`
}

/**
 * The fees of a replacement: an eighth more than before in both (nodes require a tenth, and an eighth more of the tip),
 * at least the present base fee, never above the cap. Null where the cap leaves no room for a replacement.
 */
export function escalated(before: Fees, policy: FeePolicy, baseFee: bigint): Fees | null {
  const fresh = feesFor(policy, baseFee)
  const tip = larger(above(before.maxPriorityFeePerGas), fresh.maxPriorityFeePerGas)
  const ceiling = larger(above(before.maxFeePerGas), larger(fresh.maxFeePerGas, tip))
  return ceiling > policy.maxFeePerGasCap ? null : { maxFeePerGas: ceiling, maxPriorityFeePerGas: tip }
}

function above(fee: bigint): bigint {
  return fee + fee / 8n + 1n
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

function larger(a: bigint, b: bigint): bigint {
  // Math.max does not accept bigints.
  if (a > b) return a
  return b
}
