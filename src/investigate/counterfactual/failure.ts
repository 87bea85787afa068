import { failureIn } from '../../forensics/call-tree.ts'
import { printable } from '../../kit/text.ts'
import type { Ran } from '../regress/node.ts'

/** The reason why the first failed transaction of the attack failed; null if none did. */
export function failureOf(ran: readonly Ran[]): string | null {
  const failed = ran.find(({ frozen, succeeded }) => frozen.is === 'attack' && !succeeded)
  if (failed === undefined) return null
  if (failed.seen === null) return 'the node does not take the transaction any more'
  const { frames } = failed.seen.tx.transaction
  const failure = failureIn(frames, { names: new Map(), marked: new Set() })
  if (failure === undefined) return 'the attack fails'
  return `the attack fails in ${frames[failure.frame]?.to ?? 'a creation'}: ${printable(failure.reason, 160)}`
}
