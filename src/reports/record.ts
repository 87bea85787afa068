import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../model/containment.ts'
import type { DrillTimes } from '../model/drill.ts'
import type { AssetChange, Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import type { Investigation } from '../model/investigation.ts'
import type { Run } from '../model/playbook.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import type { Token } from '../model/token.ts'

/** Everything on record about an incident. */
export type IncidentRecord = {
  incident: Incident
  findings: readonly Finding[]
  timeline: readonly TimelineEntry[]
  runs: readonly Run[]
  containments: readonly Containment[]
  /** The reasons why plans were left to people, by plan. */
  proposals: ReadonlyMap<string, readonly string[]>
  /** The names of tokens when people were notified, and the losers' balances before the attack. */
  assets: readonly Token[]
  stakes: readonly AssetChange[]
  /** Signatures of functions by selector. */
  functions: ReadonlyMap<string, string>
  evidence: { count: number; head: string; ok: boolean }
  /** The newest on record; null if nobody has investigated. */
  investigation: Investigation | null
  /** The duration of each part of the response; null if the record does not show it. */
  times: DrillTimes | null
  names: ReadonlyMap<Address, string>
  /** Accounts of the defenders, with their roles: roles, signers, accounts that may pull levers. */
  own: ReadonlyMap<Address, string>
  /** Milliseconds since the epoch. */
  writtenAt: number
}

export type Containment = {
  plan: ContainmentPlan
  simulation: Simulation | null
  broadcast: Broadcast | null
  verification: Verification | null
}

/**
 * `T` for reading only: any text may be `[redacted: …]`, so a field is no longer guaranteed to be an address or one of
 * a few words.
 */
export type Printed<T> = T extends string
  ? string
  : T extends ReadonlyMap<string, infer Value>
    ? ReadonlyMap<string, Printed<Value>>
    : T extends readonly (infer Item)[]
      ? readonly Printed<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: Printed<T[Name]> }
        : T

export type PrintedRecord = Printed<IncidentRecord>
export type PrintedInvestigation = Printed<Investigation>
export type PrintedContainment = PrintedRecord['containments'][number]
