import type { ContainmentPlan } from '../model/containment.ts'
import type { Address, Hex } from '../model/hex.ts'

/** What a transaction does: its destination, its calldata, and wei. */
export type Call = { to: Address; data: Hex; value: bigint }

/** The call of a lever itself, as its authority makes it. */
export function callOf({ lever }: ContainmentPlan): Call {
  return { to: lever.target, data: lever.calldata, value: 0n }
}
