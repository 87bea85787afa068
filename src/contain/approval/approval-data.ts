import type { ApprovalTerms } from '../../model/approval.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { domainOf } from './domain.ts'

const TYPES = {
  ContainmentApproval: [
    { name: 'decision', type: 'string' },
    { name: 'plan', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'target', type: 'address' },
    { name: 'data', type: 'bytes' },
    { name: 'authority', type: 'address' },
    { name: 'lane', type: 'string' },
    { name: 'nonce', type: 'uint256' },
    { name: 'sequence', type: 'uint256' },
    { name: 'validUntil', type: 'uint256' },
  ],
} as const

/** The EIP-712 message of an approval: a wallet shows the call as it will be made. */
export function approvalTypedData(terms: ApprovalTerms) {
  const { planId, chainId, calldata, nonce, sequence, validUntil, decision, target, authority, lane } = terms
  return {
    domain: domainOf(terms),
    types: TYPES,
    primaryType: 'ContainmentApproval',
    message: {
      decision,
      plan: planId,
      chainId: BigInt(chainId),
      target,
      data: calldata,
      authority,
      lane,
      nonce: BigInt(nonce),
      sequence: BigInt(sequence),
      validUntil: BigInt(validUntil),
    },
  } as const
}

/** The lane of a lever: chain, target and function. Calls on one lane are counted. */
export function laneOf({ chainId, target, calldata }: Lever): string {
  return `${chainId}:${target}:${calldata.slice(0, 10)}`
}

/** The terms of a plan that people agree to. `authority` is the zero address if no known account may pull it. */
export function termsOf(
  { id, lever }: ContainmentPlan,
  {
    installation,
    nonce,
    sequence,
    validUntil,
    decision,
  }: Pick<ApprovalTerms, 'installation' | 'nonce' | 'sequence' | 'validUntil' | 'decision'>,
): ApprovalTerms {
  return {
    installation,
    planId: id,
    chainId: lever.chainId,
    target: lever.target,
    calldata: lever.calldata,
    authority: lever.authority?.address ?? ZERO_ADDRESS,
    lane: laneOf(lever),
    nonce,
    sequence,
    decision,
    validUntil,
  }
}
