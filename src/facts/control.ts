import type { Log } from '../model/block.ts'
import type { ControlChange, ControlFact } from '../model/fact.ts'
import type { Address, Hash } from '../model/hex.ts'
import { addressFromWord, wordAt } from '../model/hex.ts'
import { TOPICS } from './signatures.ts'

/** The position of the subject in a log: a topic, a data word, or none. Standards disagree on `indexed`. */
type ControlPlan = {
  change: ControlChange
  subject: readonly ('topic1' | 'topic2' | 'word0' | 'word1')[]
  role: boolean
}

const PLANS: ReadonlyMap<Hash, ControlPlan> = new Map<Hash, ControlPlan>([
  [
    TOPICS['OwnershipTransferred(address,address)'],
    { change: 'owner-changed', subject: ['topic2', 'word1'], role: false },
  ],
  [
    TOPICS['RoleGranted(bytes32,address,address)'],
    { change: 'role-granted', subject: ['topic2'], role: true },
  ],
  [
    TOPICS['RoleRevoked(bytes32,address,address)'],
    { change: 'role-revoked', subject: ['topic2'], role: true },
  ],
  [
    TOPICS['Upgraded(address)'],
    { change: 'implementation-changed', subject: ['topic1', 'word0'], role: false },
  ],
  [
    TOPICS['AdminChanged(address,address)'],
    { change: 'admin-changed', subject: ['topic2', 'word1'], role: false },
  ],
  [
    TOPICS['BeaconUpgraded(address)'],
    { change: 'beacon-changed', subject: ['topic1', 'word0'], role: false },
  ],
  [TOPICS['Paused(address)'], { change: 'paused', subject: ['topic1', 'word0'], role: false }],
  [TOPICS['Unpaused(address)'], { change: 'unpaused', subject: ['topic1', 'word0'], role: false }],
  [TOPICS['Paused()'], { change: 'paused', subject: [], role: false }],
  [TOPICS['Unpaused()'], { change: 'unpaused', subject: [], role: false }],
])

/** A change of owner, role, implementation, admin, beacon or pause that a log shows. */
export function controlFromLog(log: Log, frame: number): ControlFact | undefined {
  const topic = log.topics[0]
  const plan = topic === undefined ? undefined : PLANS.get(topic)
  if (plan === undefined) return undefined
  return {
    kind: 'control',
    change: plan.change,
    contract: log.address,
    subject: subjectOf(log, plan),
    role: plan.role ? (log.topics[1] ?? null) : null,
    frame,
  }
}

function subjectOf(log: Log, plan: ControlPlan): Address | null {
  for (const place of plan.subject) {
    const n = Number(place.at(-1))
    const word = place.startsWith('topic') ? log.topics[n]?.slice(2) : wordAt(log.data, n)
    const found = word === undefined ? undefined : addressFromWord(word)
    if (found !== undefined) return found
  }
  return null
}
