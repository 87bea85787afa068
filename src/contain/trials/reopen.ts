import type { Rpc } from '../../chain/rpc/rpc.ts'
import { sha256 } from '../../kit/json.ts'
import type { ContainmentPlan, Simulation } from '../../model/containment.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import type { OpEffect, OperationKind } from '../../model/lever.ts'
import { effectsByKind } from './operation-kinds.ts'
import type { Sequencer, SimulatedCall } from './sequence.ts'
import type { Operation } from './simulate.ts'
import { stateDiff } from './state-diff.ts'
import { type Trial, takesAgain } from './trial.ts'

/** The order in which a protocol is reopened: prices, the way out, liquidation after a grace period, the rest. */
export const stageNames = ['feeds', 'way-out', 'liquidation', 'all-else'] as const
export type StageName = (typeof stageNames)[number]

/** The levers that are undone together; the next stage waits until each of these is verified. */
export type ReopenStage = { name: StageName; plans: ContainmentPlan[] }

export type ReopenStages = {
  stages: ReopenStage[]
  /** Irreversible levers, and those whose one call opens more than its stage, for people. */
  notes: string[]
}

/** People must be able to save themselves before liquidation is possible. */
const WAY_OUT: readonly OperationKind[] = ['repay', 'top-up', 'withdraw', 'close']

export type Pulled = { plan: ContainmentPlan; simulation: Simulation | null }

/**
 * The plans that undo what an incident's plans pulled, in stages: feeds before positions, repaying before liquidation,
 * trading last. A lever that covers several of these is undone at the latest stage that is safe for all but the way
 * out: where one lever blocks liquidation and repaying, both open together, and a note states it.
 */
export function reopenStages(pulled: readonly Pulled[]): ReopenStages {
  const stages = stageNames.map((name): ReopenStage => ({ name, plans: [] }))
  const notes: string[] = []
  for (const { plan, simulation } of pulled) {
    const { lever } = plan
    const back = undoOf(plan)
    if (back === null) {
      notes.push(`nothing takes back ${lever.signature} on ${lever.target}: it ends by itself or not at all`)
      continue
    }
    const blocked = blockedKinds(plan, simulation)
    const stage = stages.find(({ name }) => name === stageOf(blocked, lever.kind))
    stage?.plans.push(back)
    if (blocked.has('liquidate') && WAY_OUT.some((kind) => blocked.has(kind)))
      notes.push(
        `${lever.signature} on ${lever.target} opens repaying and liquidation at once: tell people beforehand, there is no repay-only stage`,
      )
  }
  return { stages: stages.filter(({ plans }) => plans.length > 0), notes }
}

function blockedKinds({ lever }: ContainmentPlan, simulation: Simulation | null): Set<OperationKind> {
  const effects = effectsByKind(lever, simulation?.opEffects ?? {})
  return new Set((Object.keys(effects) as OperationKind[]).filter((kind) => effects[kind] === 'blocked'))
}

function stageOf(blocked: ReadonlySet<OperationKind>, kind: ContainmentPlan['lever']['kind']): StageName {
  if (kind === 'feed') return 'feeds'
  if (blocked.has('liquidate')) return 'liquidation'
  return WAY_OUT.some((way) => blocked.has(way)) ? 'way-out' : 'all-else'
}

/** The plan that undoes a plan; null where its lever is irreversible. The same plan has the same id. */
export function undoOf(plan: ContainmentPlan): ContainmentPlan | null {
  const { lever } = plan
  if (lever.undo === null) return null
  const id = `${lever.id}:undo`
  return {
    ...plan,
    id: sha256(`${plan.incidentId}:${id}`).slice(0, 32),
    lever: {
      ...lever,
      id,
      ...lever.undo,
      undo: { signature: lever.signature, calldata: lever.calldata },
      armed: true,
      opEffects: {},
    },
    purpose: 'reopen',
    byHand: null,
  }
}

export type SimulateReopenOptions = {
  rpc: Rpc
  sequencer: Sequencer
  plan: ContainmentPlan
  /** The latest block: reopening takes effect now. */
  block: number
  /** The attack, to be tried again on the reopened state. */
  attack: Trial | null
  operations: readonly Operation[]
}

/**
 * Undoes a lever on a copy of the chain at its present state. `attack` is `stopped` where the attack fails after it,
 * and `not-stopped` where it succeeds again: then the weakness is not fixed. `opEffects` shows what is open after it.
 */
export async function simulateReopen(options: SimulateReopenOptions): Promise<Simulation> {
  const { rpc, sequencer, plan, block, attack, operations } = options
  const { lever } = plan
  const from = lever.authority?.address ?? ZERO_ADDRESS
  const back: SimulatedCall = { from, to: lever.target, data: lever.calldata, value: 0n }
  const after = async (call: SimulatedCall): Promise<boolean | undefined> =>
    (await sequencer.run(block, [back, call]).catch(() => []))[1]?.succeeded
  const [first] = await sequencer.run(block, [back])
  const opened = await Promise.all(operations.map(after))
  const attackWorks =
    attack === null ? null : await takesAgain(sequencer, { block, trial: attack, pulls: [back] })
  return {
    planId: plan.id,
    method: sequencer.method,
    atBlock: block,
    leverSucceeded: first?.succeeded === true,
    gasUsed: first?.gasUsed ?? 0,
    attack: attackWorks === null ? 'not-run' : attackWorks ? 'not-stopped' : 'stopped',
    losses: [],
    opEffects: Object.fromEntries(operations.map(({ selector }, i) => [selector, effectWord(opened[i])])),
    stateDiff: await stateDiff(rpc, back, block),
    blastRadius: null,
    asymmetry: null,
    notes: attackWorks === true ? ['the attack goes through again once this is open'] : [],
  }
}

function effectWord(succeeded: boolean | undefined): OpEffect {
  if (succeeded === undefined) return 'unknown'
  return succeeded ? 'open' : 'blocked'
}
