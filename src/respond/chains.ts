import { createAssessor } from '../calibrate/assessor.ts'
import { type Capabilities, probeCapabilities, unknownCapabilities } from '../chain/rpc/capabilities.ts'
import { createRpc, type Rpc } from '../chain/rpc/rpc.ts'
import type { Sequencer } from '../contain/trials/sequence.ts'
import { forkSequencer, simulateV1Sequencer } from '../contain/trials/sequence.ts'
import { createEngine } from '../detect/engine/engine.ts'
import { detectors } from '../detect/registry.ts'
import { type AddressLabels, labelsOn, loadAddressLabels } from '../files/address-labels.ts'
import { loadCalibration } from '../files/calibration.ts'
import { withFiles } from '../files/detector-options.ts'
import { withRules } from '../files/rules.ts'
import type { Clock } from '../kit/clock.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { retry } from '../kit/retry.ts'
import type { Calibration } from '../model/calibration.ts'
import type { ChainConfig, Config } from '../model/config.ts'
import { UNKNOWN_CHAIN } from '../model/config.ts'
import type { Scope } from '../model/detector.ts'
import { emptyVitals } from '../model/vitals.ts'
import type { ChainHandle } from './context.ts'
import { emptyProtocol } from './memory/callees.ts'
import { emptySignals } from './memory/signals.ts'
import { bytesPacking } from './watch/packing.ts'

/**
 * Connects to every chain of the config and probes the capabilities of its nodes. Throws `chain.WrongChain`,
 * `chain.EndpointFailed`, `detect.InvalidOptions`, `app.InvalidModel`, `app.InvalidCalibration`,
 * `app.InvalidAddressLabels`, and the errors of `loadRules`.
 */
export async function openChains(
  config: Config,
  clock: Clock,
  waiting?: Waiting,
): Promise<Map<number, ChainHandle>> {
  const options = await withRules(await withFiles(config.detectors), config.rules)
  const calibration = await loadCalibration(config.calibration)
  const labels = await loadAddressLabels(config.labels)
  const handles = await Promise.all(
    config.chains.map((chain) =>
      openChain(chain, { config: { ...config, detectors: options }, calibration, labels, clock, waiting }),
    ),
  )
  return new Map(handles.map((handle) => [handle.chainId, handle]))
}

/** For a watching caller: a node that is down is waited for. Without it that is an error. */
export type Waiting = { notify: (message: string) => void; signal: AbortSignal }

type Opening = {
  config: Config
  calibration: Calibration
  labels: AddressLabels
  clock: Clock
  waiting: Waiting | undefined
}

async function openChain(
  chain: ChainConfig,
  { config, calibration, labels, clock, waiting }: Opening,
): Promise<ChainHandle> {
  const rpc = createRpc({ urls: chain.rpcUrls, clock })
  const expected = chain.chainId === UNKNOWN_CHAIN ? undefined : chain.chainId
  const capabilities = await capabilitiesOf(rpc, { expected, waiting, clock })
  return {
    chainId: capabilities.chainId,
    config: chain,
    rpc,
    capabilities,
    relays: chain.relays.map(({ url, method }) => ({ method, rpc: createRpc({ urls: [url], clock }) })),
    sequencer: sequencerFor(capabilities, chain, rpc),
    engine: createEngine({
      detectors,
      scope: scopeFor(config, capabilities.chainId),
      options: config.detectors,
      shadow: config.shadow,
      packing: bytesPacking,
    }),
    assessor: createAssessor(calibration, config.decision),
    operations: new Map(),
    protocol: emptyProtocol(),
    signals: emptySignals(),
    vitals: emptyVitals(),
    labels: labelsOn(labels, capabilities.chainId),
  }
}

type Asking = { expected: number | undefined; waiting: Waiting | undefined; clock: Clock }

/**
 * The capabilities of a chain's nodes. If somebody watches, a node that is down is waited for: if the configuration
 * names the chain nothing is known of it at first, otherwise its number is requested until the node answers.
 */
async function capabilitiesOf(rpc: Rpc, { expected, waiting, clock }: Asking): Promise<Capabilities> {
  try {
    return await probeCapabilities(rpc, expected)
  } catch (thrown) {
    if (waiting === undefined || !isPassing(thrown)) throw thrown
    waiting.notify(`Waiting for a node: ${messageOf(thrown)}`)
    if (expected !== undefined) return unknownCapabilities(expected, messageOf(thrown))
    const { signal } = waiting
    const patience = { attempts: Number.POSITIVE_INFINITY, delayMs: 500, maxDelayMs: 5_000 }
    return retry(() => probeCapabilities(rpc, expected), {
      ...patience,
      clock,
      signal,
      isRetryable: isPassing,
    })
  }
}

/** Errors of a node that is down, starting or syncing: the same request may succeed later. */
const PASSING = new Set(['chain.EndpointFailed', 'chain.RpcRefused', 'chain.MalformedField'])

const isPassing = (thrown: unknown): boolean => thrown instanceof CordonError && PASSING.has(thrown.code)

/** Simulation as the node offers it at the moment of the request: capabilities change while a chain is watched. */
function sequencerFor(capabilities: Capabilities, chain: ChainConfig, rpc: Rpc): Sequencer {
  const simulated = simulateV1Sequencer(rpc)
  const forked = forkSequencer(chain.rpcUrls[0] ?? '')
  const current = (): Sequencer => (capabilities.simulate ? simulated : forked)
  return {
    get method() {
      return current().method
    },
    run: (block, calls, one) => current().run(block, calls, one),
    async close() {
      await Promise.all([simulated.close(), forked.close()])
    },
  }
}

/** The protected contracts of one chain; without any named, everything is watched. */
export function scopeFor(config: Config, chainId: number): Scope {
  const addresses = config.protect
    .filter((item) => item.chainId === undefined || item.chainId === chainId)
    .map(({ address }) => address)
  return addresses.length === 0
    ? { kind: 'everything' }
    : { kind: 'contracts', addresses: new Set(addresses) }
}
