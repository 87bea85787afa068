import { CordonError, messageOf } from '../../kit/error.ts'
import type { Rpc } from './rpc.ts'

/** What a node really has, found by asking, not by its name. */
export type Capabilities = {
  chainId: number
  clientVersion: string
  receipts: 'eth_getBlockReceipts' | 'eth_getTransactionReceipt'
  traces: 'debug_traceBlockByHash' | 'debug_traceBlockByNumber' | 'trace_block' | 'none'
  /** callTracer honours `withLog`. */
  traceLogs: boolean
  simulate: boolean
  traceCall: boolean
  /** method → why it cannot be used; absent where it can */
  missing: Readonly<Record<string, string>>
}

type Probe = { method: string; params: readonly unknown[]; accepts: (answer: unknown) => boolean }

export const CALL_TRACER = { tracer: 'callTracer', tracerConfig: { withLog: true } } as const

/**
 * Asks the node for each method with a real, small question about the latest block.
 * Throws `chain.EndpointFailed` when nothing answers, `chain.WrongChain` when it is another chain than expected.
 */
export async function probeCapabilities(rpc: Rpc, expectedChainId?: number): Promise<Capabilities> {
  const chainId = Number(await rpc.request('eth_chainId', []))
  if (expectedChainId !== undefined && chainId !== expectedChainId) throw wrongChain(expectedChainId, chainId)
  const [clientVersion, block] = await Promise.all([
    rpc.request('web3_clientVersion', []).then(String, () => 'unknown'),
    rpc.request('eth_getBlockByNumber', ['latest', false]) as Promise<{
      hash?: string
      number?: string
    } | null>,
  ])
  const { hash, number } = block ?? {}
  const call = { from: ZERO, to: ZERO, data: '0x' }
  const probes: Probe[] = [
    { method: 'eth_getBlockReceipts', params: [hash], accepts: Array.isArray },
    { method: 'debug_traceBlockByHash', params: [hash, CALL_TRACER], accepts: Array.isArray },
    { method: 'debug_traceBlockByNumber', params: [number, CALL_TRACER], accepts: Array.isArray },
    { method: 'trace_block', params: [number], accepts: Array.isArray },
    { method: 'debug_traceCall', params: [call, 'latest', CALL_TRACER], accepts: isObject },
    {
      method: 'eth_simulateV1',
      params: [{ blockStateCalls: [{ calls: [call] }] }, 'latest'],
      accepts: Array.isArray,
    },
  ]
  const answers = await Promise.all(probes.map((probe) => tryProbe(rpc, probe)))
  const missing: Record<string, string> = {}
  for (const { method, reason } of answers) if (reason !== undefined) missing[method] = reason
  const has = (method: string): boolean => missing[method] === undefined
  const traces =
    (['debug_traceBlockByHash', 'debug_traceBlockByNumber', 'trace_block'] as const).find(has) ?? 'none'
  return {
    chainId,
    clientVersion,
    receipts: has('eth_getBlockReceipts') ? 'eth_getBlockReceipts' : 'eth_getTransactionReceipt',
    traces,
    traceLogs: traces.startsWith('debug_'),
    simulate: has('eth_simulateV1'),
    traceCall: has('debug_traceCall'),
    missing,
  }
}

const ZERO = '0x0000000000000000000000000000000000000000'

async function tryProbe(rpc: Rpc, probe: Probe): Promise<{ method: string; reason?: string }> {
  try {
    const answer = await rpc.request(probe.method, probe.params)
    return probe.accepts(answer)
      ? { method: probe.method }
      : { method: probe.method, reason: 'answers in another shape' }
  } catch (thrown) {
    return { method: probe.method, reason: messageOf(thrown) }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value
}

function wrongChain(expected: number, got: number): CordonError {
  return new CordonError({
    code: 'chain.WrongChain',
    message: `The node is on chain ${got}, not on chain ${expected}.`,
    facts: { expected, got },
    fix: 'Point the RPC URL at a node of the right chain, or correct chains[].chainId in cordon.config.ts.',
  })
}
