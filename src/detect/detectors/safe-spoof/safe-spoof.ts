import { z } from 'zod'
import type { Frame } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { givenAddressSchema } from '../../../model/given-address.ts'
import { wordAt } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { perTransaction } from '../../lib/per-transaction.ts'

/** Safe's own MultiSend and MultiSendCallOnly, 1.3.0 and 1.4.1 (github.com/safe-global/safe-deployments). */
const MULTISEND = [
  '0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761',
  '0x40a2accbd92bca938b02010e17a5b8929b49130d',
  '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526',
  '0x9641d764fc13c8b624c04430c7356c1c7c8102e2',
  '0x998739bfdaadde7c933b942a68053933098f9eda',
  '0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b',
] as const

const options = z.strictObject({
  /** Contracts that a Safe may run in its own context. */
  allowed: z.array(givenAddressSchema).default([...MULTISEND]),
})
type Options = z.infer<typeof options>

/** execTransaction(address to,uint256 value,bytes data,uint8 operation,…) */
const EXEC_TRANSACTION = '0x6a761202'

/**
 * Safe spoof: a protected Safe executes a transaction with `operation = 1` (delegatecall) to a contract that is not on
 * the allow-list: any such code can rewrite the Safe's owners and its implementation. Signers sign it because they were
 * shown something else. MultiSend and migration libraries belong on the list.
 */
export const safeSpoof: Detector = perTransaction({
  id: 'safe-spoof',
  title: 'A Safe ran unlisted code as its own',
  options,
  evaluate,
})

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  // A rule about named wallets: the Safes of a whole chain run libraries of every kind.
  if (scope.kind !== 'contracts') return []
  const allowed = new Set<string>(options.allowed)
  const claims = tx.transaction.frames.flatMap((frame): Claim[] => {
    const target = delegateTarget(frame)
    if (
      target === undefined ||
      frame.context === null ||
      !inScope(scope, frame.context) ||
      allowed.has(target)
    )
      return []
    return [
      {
        contract: frame.context,
        victims: [],
        confidence: 0.8,
        categories: ['safe-spoof'],
        statement: `The Safe ${frame.context} was made to run the code of ${target}, which is not on the list, as its own (frame ${frame.index}).`,
        frames: [frame.index],
      },
    ]
  })
  const actors = actorCluster(tx, scope)
  return findingFrom(claims, { detector: 'safe-spoof', tx, actors, scope, bundle: facts.bundle })
}

function delegateTarget({ type, reverted, input }: Frame): string | undefined {
  if (type !== 'CALL' || reverted || !input.startsWith(EXEC_TRANSACTION)) return undefined
  const to = wordAt(input, 0, 10)
  const operation = wordAt(input, 3, 10)
  return to !== undefined && operation !== undefined && BigInt(`0x${operation}`) === 1n
    ? `0x${to.slice(24)}`
    : undefined
}
