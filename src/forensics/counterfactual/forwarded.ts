import type { Frame } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import { type Address, selectorOf } from '../../model/hex.ts'
import { type Alteration, type Attack, nameOf, suspicionOf } from './alteration.ts'

/** A selector and one word: anything shorter is found in any calldata. */
const LEAST = 10 + 64
const MOST_INNER = 4_096
const MOST_OUTER = 200_000
const MOST_SEARCHES = 2_000

/**
 * Calls that a contract made with bytes that it received whole from the attacker: without them it does not make the
 * call.
 */
export function forwardedAlterations(attack: Attack): Alteration[] {
  const found = new Map<string, Alteration>()
  for (const tx of attack.transactions) {
    const { frames } = tx.transaction
    let searches = 0
    const handed: (Frame | undefined)[] = []
    for (const frame of frames) {
      const outer = handedBy(frame, handed[frame.parent], attack.attackers)
      handed[frame.index] = outer
      const given = handed[frame.parent]
      if (given === undefined || !isCandidate(frame, given, attack)) continue
      if (++searches > MOST_SEARCHES) break
      if (!given.input.includes(frame.input.slice(2))) continue
      const alteration = notForwarded(frame, { given, tx, attack })
      const key = `${alteration.contract} ${alteration.at}`
      if (!found.has(key)) found.set(key, alteration)
    }
  }
  return [...found.values()]
}

/** The attacker's call that entered the contract in which a frame runs; undefined in the attacker's own code. */
function handedBy(
  frame: Frame,
  around: Frame | undefined,
  attackers: ReadonlySet<Address>,
): Frame | undefined {
  if (frame.context === null || attackers.has(frame.context)) return undefined
  const isEntry = frame.type === 'CALL' && frame.from !== null && attackers.has(frame.from)
  if (isEntry) return frame
  return around?.context === frame.context ? around : undefined
}

function isCandidate(
  { type, from, to, input, reverted }: Frame,
  given: Frame,
  { attackers, standing }: Attack,
): boolean {
  if (type !== 'CALL' || reverted || from !== given.context || to === null || to === from) return false
  if (attackers.has(to) || !standing.has(to)) return false
  return input.length >= LEAST && input.length <= MOST_INNER && given.input.length <= MOST_OUTER
}

function notForwarded(
  frame: Frame,
  { given, tx, attack }: { given: Frame; tx: TransactionFacts; attack: Attack },
): Alteration {
  const contract: Address = given.context ?? '0x'
  return {
    kind: 'forwarded-call-refused',
    contract,
    function: nameOf(selectorOf(given.input), attack),
    transactionHash: tx.transaction.hash,
    frame: frame.index,
    statement: `${contract} does not make the call of ${nameOf(selectorOf(frame.input), attack)} that the attacker wrote for it`,
    speaksFor: ['arbitrary-call', 'approval-drain'],
    at: frame.to ?? '0x',
    program: {
      kind: 'rules',
      rules: [
        { from: [contract], match: { kind: 'calldata', input: frame.input }, reply: { kind: 'refuse' } },
      ],
    },
    rank: 7 + suspicionOf(contract, attack),
  }
}
