import { probeCapabilities } from '../../chain/rpc/capabilities.ts'
import type { BlockRef } from '../../model/block.ts'
import type { App, ChainHandle } from '../context.ts'

/** Milliseconds between two probes of what the nodes have; sooner while nothing is known of a method. */
const EVERY_MS = 300_000
const UNCERTAIN_MS = 5_000

/** Asks now and then what the nodes have by now: they are restarted with other options, and others take the lead. */
export function reprobing(): (app: App, chain: ChainHandle, block: BlockRef) => Promise<void> {
  let last = 0
  let leader = ''
  return async (app, { rpc, chainId, capabilities }) => {
    const isUncertain = Object.keys(capabilities.uncertain).length > 0
    const isMoved = rpc.leader().name !== leader
    const now = app.clock.now()
    if (!isMoved && now - last < (isUncertain ? UNCERTAIN_MS : EVERY_MS)) return
    last = now
    leader = rpc.leader().name
    const before = shown(capabilities)
    // Changed in place: everybody who was given it knows from now on.
    Object.assign(capabilities, await probeCapabilities(rpc, chainId))
    const after = shown(capabilities)
    if (before === after || isUncertain) return
    const message = `What the node offers has changed: ${after}.`
    app.logger.warn({ chainId, before, after }, message)
    app.hub.tell({ type: 'notice', chainId, code: 'capabilities-changed', message, facts: { before, after } })
  }
}

function shown({ traces, receipts, simulate, traceCall }: ChainHandle['capabilities']): string {
  const simulation = simulate ? 'eth_simulateV1' : 'no eth_simulateV1'
  return `traces by ${traces}, receipts by ${receipts}, ${simulation}, ${traceCall ? 'debug_traceCall' : 'no debug_traceCall'}`
}
