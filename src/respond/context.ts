import type { Assessor } from '../calibrate/assessor.ts'
import type { Capabilities } from '../chain/rpc/capabilities.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Relay } from '../contain/sending/relays.ts'
import type { Signer } from '../contain/signers/signer.ts'
import type { Sequencer } from '../contain/trials/sequence.ts'
import type { Engine } from '../detect/engine/engine.ts'
import type { Clock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { AddressLabel } from '../model/address-label.ts'
import type { ChainConfig, Config } from '../model/config.ts'
import type { Address } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import type { Channel } from '../model/notification.ts'
import type { PinnedPlaybook } from '../model/playbook.ts'
import type { ChainVitals } from '../model/vitals.ts'
import type { Hub } from '../notify/hub.ts'
import type { Store } from '../store/store.ts'
import type { ProtocolMemory } from './memory/callees.ts'
import type { OperationMemory } from './memory/operations.ts'
import type { SignalMemory } from './memory/signals.ts'
import type { ChainSight } from './sight/sight.ts'

/** One watched chain with the parts that observe it and the parts that can act on it. */
export type ChainHandle = {
  chainId: number
  config: ChainConfig
  rpc: Rpc
  capabilities: Capabilities
  sequencer: Sequencer
  /** Builders that accept containment transactions in private. */
  relays: readonly Relay[]
  engine: Engine
  assessor: Assessor
  operations: OperationMemory
  protocol: ProtocolMemory
  signals: SignalMemory
  vitals: ChainVitals
  /** The names and kinds of this chain's accounts. */
  labels: ReadonlyMap<Address, AddressLabel>
}

/** Everything that the parts of the running program share. Made once, by `start`. */
export type App = {
  config: Config
  store: Store
  clock: Clock
  logger: Logger
  hub: Hub
  chains: ReadonlyMap<number, ChainHandle>
  /** The observations of each chain from outside its watcher. */
  sights: ReadonlyMap<number, ChainSight>
  signers: ReadonlyMap<Address, Signer>
  channels: ReadonlyMap<string, Channel>
  playbooks: readonly PinnedPlaybook[]
  names: ReadonlyMap<Address, string>
  /** Plans that a step of this process is carrying out: the watcher does not touch them. */
  containing: Set<string>
  /** `drill` marks everything that is recorded. */
  kind: Incident['kind']
}
