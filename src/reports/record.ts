import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../model/containment.ts'
import type { DrillTimes } from '../model/drill.ts'
import type { AssetChange, Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import type { Investigation } from '../model/investigation.ts'
import type { Run } from '../model/playbook.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import type { Token } from '../model/token.ts'

/** All that is on record about an incident. */
export type IncidentRecord = {
  incident: Incident
  findings: readonly Finding[]
  timeline: readonly TimelineEntry[]
  runs: readonly Run[]
  containments: readonly Containment[]
  /** Why plans were left to people, by plan. */
  proposals: ReadonlyMap<string, readonly string[]>
  /** What tokens were called when people were told, and what losers had before the attack. */
  assets: readonly Token[]
  stakes: readonly AssetChange[]
  /** Signatures of functions by selector. */
  functions: ReadonlyMap<string, string>
  evidence: { count: number; head: string; ok: boolean }
  /** The newest on record; null where nobody has investigated. */
  investigation: Investigation | null
  /** How long each part of the response took; null where the record does not say. */
  times: DrillTimes | null
  names: ReadonlyMap<Address, string>
  /** Accounts of the defenders, and what each is: roles, signers, who may pull levers. */
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

/** As `T`, for reading only: any text may be `[redacted: …]`, so no field is an address or one of a few words any more. */
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
