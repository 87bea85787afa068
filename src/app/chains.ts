import { createAssessor } from '../calibrate/assessor.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import type { Sequencer } from '../contain/sequence.ts'
import { forkSequencer, simulateV1Sequencer } from '../contain/sequence.ts'
import { createEngine } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import type { Clock } from '../kit/clock.ts'
import type { Calibration } from '../model/calibration.ts'
import type { Scope } from '../model/detector.ts'
import { emptyVitals } from '../model/vitals.ts'
import { type AddressLabels, labelsOn, loadAddressLabels } from './address-labels.ts'
import { loadCalibration } from './calibration-file.ts'
import { UNKNOWN_CHAIN } from './config/load.ts'
import type { ChainConfig, Config } from './config/schema.ts'
import type { ChainHandle } from './context.ts'
import { withFiles } from './detector-files.ts'
import { bytesPacking } from './packing.ts'
import { withRules } from './rules/files.ts'
import { emptySignals } from './watch/signals.ts'

/**
 * Connects to every chain of the config and finds out what its nodes have.
 * Throws `chain.WrongChain`, `chain.EndpointFailed`, `detect.InvalidOptions`, `app.InvalidModel`, `app.InvalidCalibration`,
 * `app.InvalidAddressLabels`,
 * and what `loadRules` throws.
 */
export async function openChains(config: Config, clock: Clock): Promise<Map<number, ChainHandle>> {
  const options = await withRules(await withFiles(config.detectors), config.rules)
  const calibration = await loadCalibration(config.calibration)
  const labels = await loadAddressLabels(config.labels)
  const handles = await Promise.all(
    config.chains.map((chain) =>
      openChain(chain, { config: { ...config, detectors: options }, calibration, labels, clock }),
    ),
  )
  return new Map(handles.map((handle) => [handle.chainId, handle]))
}

type Opening = { config: Config; calibration: Calibration; labels: AddressLabels; clock: Clock }

async function openChain(
  chain: ChainConfig,
  { config, calibration, labels, clock }: Opening,
): Promise<ChainHandle> {
  const rpc = createRpc({ urls: chain.rpcUrls, clock })
  const expected = chain.chainId === UNKNOWN_CHAIN ? undefined : chain.chainId
  const capabilities = await probeCapabilities(rpc, expected)
  return {
    chainId: capabilities.chainId,
    config: chain,
    rpc,
    capabilities,
    relays: chain.relays.map(({ url, method }) => ({ method, rpc: createRpc({ urls: [url], clock }) })),
    sequencer: sequencerFor(capabilities.simulate, chain, rpc),
    engine: createEngine({
      detectors,
      scope: scopeFor(config, capabilities.chainId),
      options: config.detectors,
      shadow: config.shadow,
      packing: bytesPacking,
    }),
    assessor: createAssessor(calibration, config.decision),
    operations: new Map(),
    signals: emptySignals(),
    vitals: emptyVitals(),
    labels: labelsOn(labels, capabilities.chainId),
  }
}

function sequencerFor(canSimulate: boolean, chain: ChainConfig, rpc: ChainHandle['rpc']): Sequencer {
  return canSimulate ? simulateV1Sequencer(rpc) : forkSequencer(chain.rpcUrls[0] ?? '')
}

/** The protected contracts of one chain; with none named, everything is watched. */
export function scopeFor(config: Config, chainId: number): Scope {
  const addresses = config.protect
    .filter((item) => item.chainId === undefined || item.chainId === chainId)
    .map(({ address }) => address)
  return addresses.length === 0
    ? { kind: 'everything' }
    : { kind: 'contracts', addresses: new Set(addresses) }
}
