import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Clock } from '../../kit/clock.ts'
import type { ChainConfig, Config } from '../../model/config.ts'
import type { ContainmentPlan, Simulation } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Store } from '../../store/store.ts'
import type { Ground } from '../approval/permit.ts'
import type { WantedLever } from '../planning/plan.ts'
import type { Relay } from '../sending/relays.ts'
import type { Signer } from '../signers/signer.ts'
import type { Attack } from '../trials/attack.ts'
import type { Sequencer } from '../trials/sequence.ts'
import type { Operation } from '../trials/simulate.ts'
import type { Notice } from './notice.ts'

/** One contract to contain because of one attack. Every stage takes it, and the result of the stage before. */
export type Containing = {
  means: Means
  chain: ContainedChain
  incident: Incident
  attack: Attack
  /** Which response to which attack this is: each has its own plans. */
  attempt: string
  /** The run whose step this is: a lever that another run pulls is not pulled a second time. */
  runId: string
  target: Address
  /** The lever that people named in advance; the best one if none is named. */
  wanted?: WantedLever | undefined
  /** Recent ordinary calls into the target: the lever is tried on them. */
  operations: readonly Operation[]
  durable: Durable
  /** Records a result or tells people about it. */
  tell: (notice: Notice) => Promise<void>
}

/**
 * All of the pipeline's durability: runs `act` once, keeps its result (JSON) under this name, and returns that after a
 * crash. `act` may run twice if the process dies while it runs.
 */
export type Durable = <T>(name: string, act: () => Promise<T>) => Promise<T>

export type Means = {
  store: Store
  clock: Clock
  config: Pick<Config, 'roles' | 'approvals' | 'authorisations' | 'fees' | 'decision' | 'respond'>
  signers: ReadonlyMap<Address, Signer>
  chains: ReadonlyMap<number, { rpc: Rpc }>
  /** Plans that a step of this process is carrying out, from their signature on: the watcher does not touch them. */
  containing: Set<string>
}

export type ContainedChain = {
  chainId: number
  rpc: Rpc
  sequencer: Sequencer
  relays: readonly Relay[]
  config: Pick<ChainConfig, 'publicAfterBlocks'>
}

/** A plan with the result of trying it. */
export type Simulated = { plan: ContainmentPlan; simulation: Simulation }

/** A simulated plan that may be signed, by an authorisation or because people approved it. */
export type Permitted = Simulated & { ground: Ground }
