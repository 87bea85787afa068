import type { Signer } from '../contain/signers/signer.ts'
import type { Clock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { ApprovalRule, ApprovalVerdict } from '../model/approval.ts'
import type { Config } from '../model/config.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { Incident } from '../model/incident.ts'
import type { Hub } from '../notify/hub.ts'
import type { Playbooks } from '../playbooks/runner.ts'
import type { Store } from '../store/store.ts'

/** People's decisions about plans. */
export type PlanDesk = {
  ruleOn(plan: ContainmentPlan, incident: Incident): ApprovalRule
  verdictOn(plan: ContainmentPlan, incident: Incident): Promise<ApprovalVerdict>
  /** Signs, with the current terms, that a plan is to be carried out. */
  approve(planId: string, signer: Signer): Promise<void>
}

/** The parts of a running Cordon that a drill uses. */
export type DrilledCordon = {
  app: {
    store: Store
    clock: Clock
    logger: Logger
    config: Config
    chains: ReadonlyMap<number, unknown>
    hub: Hub
  }
  playbooks: Playbooks | null
  desk: PlanDesk
  /** Rejects if a watcher cannot continue; resolves when all have stopped. */
  watching: Promise<void>
  stop(): Promise<void>
}

export type DrilledOptions = {
  config: Config
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
  write: (line: string) => void
  hub: Hub
  signers: readonly Signer[]
  kind: 'drill'
  /** False: nobody answers. */
  people: boolean
  signal?: AbortSignal
}

/** Starts Cordon for a drill. The caller of the drill supplies it: workflows do not import one another. */
export type StartDrilled = (options: DrilledOptions) => Promise<DrilledCordon>
