import type { ApprovalVerdict } from '../../model/approval.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import type { AssetChange } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { Candidate } from '../planning/rank.ts'
import type { Opinion } from '../sending/second-opinion.ts'

/** A result of a stage, for the record and for people; the words are the caller's. */
export type Notice = { plan: ContainmentPlan } & (
  | { kind: 'planned'; besides: readonly Candidate[] }
  /** `why` nothing is sent, as the end of a sentence about the lever. */
  | { kind: 'needless'; why: string }
  /** `before`: the balances of those who lose, before the attack. */
  | { kind: 'simulated'; simulation: Simulation; before: readonly AssetChange[] }
  /** `tried`: the number of recent operations. */
  | { kind: 'reopening-simulated'; simulation: Simulation; tried: number }
  | { kind: 'decided'; judgement: Judgement }
  | { kind: 'approval'; verdict: ApprovalVerdict }
  /** Automation has reached its limit. */
  | { kind: 'limited'; why: string }
  /** Signed although no second endpoint shows the same. */
  | { kind: 'unconfirmed'; opinion: Opinion }
  | { kind: 'fee-cap-too-low'; why: string }
  /** `trouble`: why no node took it yet. */
  | {
      kind: 'sent'
      does: 'pull' | 'schedule'
      broadcast: Broadcast
      trouble: string | null
      authorisation: Hash | null
    }
  | { kind: 'replaced'; broadcast: Broadcast; reason: string }
  | { kind: 'confirmed'; broadcast: Broadcast }
  /** `readyAt`: when it can be executed, seconds since the epoch. */
  | { kind: 'scheduled'; readyAt: number | null }
  | { kind: 'verified'; verification: Verification }
)

/** The decision about pulling a lever unattended, with the reasons, for the record. */
export type Judgement = { automatic: boolean; reasons: string[]; statement: string }
