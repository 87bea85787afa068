import { hasTraces, probeCapabilities } from '../../chain/rpc/capabilities.ts'
import type { BlockRef } from '../../model/block.ts'
import type { App, ChainHandle } from '../context.ts'

/** Milliseconds between two probes of the nodes' capabilities; sooner while nothing is known of a method. */
const EVERY_MS = 300_000
const UNCERTAIN_MS = 5_000
/** While detectors see nothing: the sooner the return of traces is known, the sooner the gap is judged. */
const BLIND_MS = 15_000

/**
 * Probes the nodes' current capabilities from time to time: they are restarted with other options, and others take the
 * lead. Calls `onSight` if the nodes have traces and detectors that need them were blind.
 */
export function reprobing(
  onSight: () => void,
): (app: App, chain: ChainHandle, block: BlockRef) => Promise<void> {
  let last = 0
  let leader = ''
  return async (app, { rpc, chainId, capabilities, vitals }) => {
    const isUncertain = Object.keys(capabilities.uncertain).length > 0
    const isMoved = rpc.leader().name !== leader
    const now = app.clock.now()
    const every = isUncertain ? UNCERTAIN_MS : vitals.blindDetectors.size > 0 ? BLIND_MS : EVERY_MS
    if (!isMoved && now - last < every) return
    last = now
    leader = rpc.leader().name
    const before = shown(capabilities)
    // Changed in place: every holder of the object sees the change from now on.
    Object.assign(capabilities, await probeCapabilities(rpc, chainId))
    const after = shown(capabilities)
    if ([...vitals.blindDetectors.values()].includes('traces') && hasTraces(capabilities)) {
      for (const { methods } of rpc.endpoints) methods.clear()
      onSight()
    }
    if (before === after || isUncertain) return
    const message = `The methods of the node have changed: ${after}.`
    app.logger.warn({ chainId, before, after }, message)
    app.hub.tell({ type: 'notice', chainId, code: 'capabilities-changed', message, facts: { before, after } })
  }
}

function shown({ traces, receipts, simulate, traceCall }: ChainHandle['capabilities']): string {
  const simulation = simulate ? 'eth_simulateV1' : 'no eth_simulateV1'
  return `traces by ${traces}, receipts by ${receipts}, ${simulation}, ${traceCall ? 'debug_traceCall' : 'no debug_traceCall'}`
}
