import { keccak256 } from 'viem'
import type { Frame } from '../../../model/block.ts'
import type { Hex } from '../../../model/hex.ts'
import { addressFromWord, selectorOf, wordAt, ZERO_ADDRESS } from '../../../model/hex.ts'
import { isCheck, type Release } from '../../lib/messages.ts'

/** The checks that a call made of its message. */
export type Proof = {
  /** Kinds: a precompile, or a view of another contract that received the message or its hash. */
  checks: ReadonlySet<string>
  /** Different accounts that signatures recovered to. */
  signers: number
  /** Signatures were checked, and every one recovered to the zero address. */
  nobody: boolean
  digest: Hex
}

const ECRECOVER = '0x0000000000000000000000000000000000000001'

export function proofOf({ entry, message }: Release, frames: readonly Frame[]): Proof {
  const digest = keccak256(message)
  const checks = new Set<string>()
  const signers = new Set<string>()
  let recoveries = 0
  for (let i = entry.index + 1; i < entry.end; i++) {
    const frame = frames[i]
    if (frame === undefined || frame.to === null || frame.reverted) continue
    if (isCheck(frame)) checks.add(frame.to)
    else if (frame.type === 'STATICCALL' && isShown(frame, message, digest))
      checks.add(`${frame.to}${selectorOf(frame.input)}`)
    if (frame.to !== ECRECOVER) continue
    recoveries++
    const signer = addressFromWord(wordAt(frame.output, 0) ?? '')
    if (signer !== undefined && signer !== ZERO_ADDRESS) signers.add(signer)
  }
  return { checks, signers: signers.size, nobody: recoveries > 0 && signers.size === 0, digest }
}

/** A view that received the hash of the message, or the start of the message. */
function isShown({ input }: Frame, message: Hex, digest: Hex): boolean {
  return input.includes(digest.slice(2)) || (input.length > 266 && input.includes(message.slice(2, 106)))
}
