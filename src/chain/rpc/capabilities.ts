import { CordonError, messageOf } from '../../kit/error.ts'
import { clientVersionOf } from '../methods/client-version.ts'
import { getChainId } from '../methods/get-chain-id.ts'
import { array, object, type Raw } from '../trace/fields.ts'
import { failureKindOf, isStateGone } from './failure.ts'
import type { Rpc } from './rpc.ts'

/** The real capabilities of a node, determined by requests, not by its name. */
export type Capabilities = {
  chainId: number
  clientVersion: string
  receipts: 'eth_getBlockReceipts' | 'eth_getTransactionReceipt'
  traces:
    | 'debug_traceBlockByHash'
    | 'debug_traceBlockByNumber'
    | 'trace_block'
    | 'debug_traceTransaction'
    | 'none'
  /** callTracer honours `withLog`. */
  traceLogs: boolean
  simulate: boolean
  traceCall: boolean
  /** method → why it cannot be used; absent where it can */
  missing: Readonly<Record<string, string>>
  /** method → why its availability is unknown: the node did not answer. It is tried again. */
  uncertain: Readonly<Record<string, string>>
}

type Probe = { method: string; params: readonly unknown[]; accepts: (answer: unknown) => boolean }

/** How many blocks to look back for one with transactions: an empty block shows nothing about receipts and traces. */
const LOOK_BACK = 24

/**
 * Queries the node for each method with a real request about a recent block that has transactions, and checks the shape
 * of the answer. A method with an unknown state counts as available: use will show it. Throws `chain.EndpointFailed`
 * when nothing answers, `chain.WrongChain` when it is another chain than expected.
 */
export async function probeCapabilities(rpc: Rpc, expectedChainId?: number): Promise<Capabilities> {
  const chainId = await getChainId(rpc)
  if (expectedChainId !== undefined && chainId !== expectedChainId) throw wrongChain(expectedChainId, chainId)
  const [clientVersion, block] = await Promise.all([
    clientVersionOf(rpc).catch(() => 'unknown'),
    recentBlock(rpc),
  ])
  const asked = await Promise.all(probesOf(block).map((probe) => tryProbe(rpc, probe)))
  // its answer cannot be kept small: requested only from a node that has nothing better
  const isNeeded = BLOCK_TRACES.every((method) =>
    asked.some((one) => one.method === method && one.state === 'missing'),
  )
  const outcomes = isNeeded ? [...asked, await tryProbe(rpc, traceBlockProbe(block))] : asked
  const missing = reasonsOf(outcomes, 'missing')
  const uncertain = reasonsOf(outcomes, 'uncertain')
  return { chainId, clientVersion, ...choose(missing), missing, uncertain }
}

/** The assumption for a node that has not answered yet: it has everything, because use will show otherwise. */
export function unknownCapabilities(chainId: number, reason: string): Capabilities {
  const uncertain = Object.fromEntries(
    [...probesOf(NO_BLOCK), traceBlockProbe(NO_BLOCK)].map(({ method }) => [method, reason]),
  )
  return { chainId, clientVersion: 'unknown', ...choose({}), missing: {}, uncertain }
}

function choose(
  missing: Readonly<Record<string, string>>,
): Pick<Capabilities, 'receipts' | 'traces' | 'traceLogs' | 'simulate' | 'traceCall'> {
  const has = (method: string): boolean => missing[method] === undefined
  const traces =
    (
      ['debug_traceBlockByHash', 'debug_traceBlockByNumber', 'trace_block', 'debug_traceTransaction'] as const
    ).find(has) ?? 'none'
  return {
    receipts: has('eth_getBlockReceipts') ? 'eth_getBlockReceipts' : 'eth_getTransactionReceipt',
    traces,
    traceLogs: traces.startsWith('debug_'),
    simulate: has('eth_simulateV1'),
    traceCall: has('debug_traceCall'),
  }
}

const BLOCK_TRACES = ['debug_traceBlockByHash', 'debug_traceBlockByNumber'] as const

/**
 * The outermost call alone: this check may run while an attacker's block is the newest, and a whole trace of that can
 * be 143 MB for 247,000 gas and block the node.
 */
const TOP_CALL = { tracer: 'callTracer', tracerConfig: { onlyTopCall: true } } as const

const NO_BLOCK: Recent = { block: {}, transactions: [] }

type Recent = { block: Raw; transactions: readonly unknown[] }

/** The newest block with transactions among the recent ones; the latest where none has any. */
export async function recentBlock(rpc: Rpc): Promise<Recent> {
  const latest = await blockAt(rpc, 'latest')
  const head = Number(latest.block['number'] ?? 0)
  if (latest.transactions.length > 0) return latest
  for (let number = head - 1; number > Math.max(0, head - LOOK_BACK); number--) {
    const found = await blockAt(rpc, `0x${number.toString(16)}`)
    if (found.transactions.length > 0) return found
  }
  return latest
}

async function blockAt(rpc: Rpc, tag: string): Promise<Recent> {
  const block = object((await rpc.request('eth_getBlockByNumber', [tag, false])) ?? {}, 'block')
  return { block, transactions: array(block['transactions'] ?? [], 'block.transactions') }
}

function probesOf({ block, transactions }: Recent): Probe[] {
  const { hash, number } = block
  const call = { from: ZERO, to: ZERO, data: '0x' }
  const count = transactions.length
  const isTraced = each((item) => item['error'] !== undefined || isCallFrame(item['result']))
  const probes: Probe[] = [
    {
      method: 'eth_getBlockReceipts',
      params: [hash],
      accepts: (answer) =>
        each((item) => Array.isArray(item['logs']))(answer) && (answer as []).length === count,
    },
    { method: 'debug_traceBlockByHash', params: [hash, TOP_CALL], accepts: isTraced },
    { method: 'debug_traceBlockByNumber', params: [number, TOP_CALL], accepts: isTraced },
    { method: 'debug_traceCall', params: [call, 'latest', TOP_CALL], accepts: isCallFrame },
    {
      method: 'eth_simulateV1',
      params: [{ blockStateCalls: [{ calls: [call] }] }, 'latest'],
      accepts: Array.isArray,
    },
  ]
  const [last] = transactions.slice(-1)
  if (last === undefined) return probes
  return [...probes, { method: 'debug_traceTransaction', params: [last, TOP_CALL], accepts: isCallFrame }]
}

function traceBlockProbe({ block }: Recent): Probe {
  const accepts = each((item) => isObject(item['action']))
  return { method: 'trace_block', params: [block['number']], accepts }
}

const each = (accepts: (item: Raw) => boolean) => (answer: unknown) =>
  Array.isArray(answer) && answer.every((item) => isObject(item) && accepts(item))

const ZERO = '0x0000000000000000000000000000000000000000'

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A node that ignores the tracer returns steps, which have no sender. */
function isCallFrame(value: unknown): boolean {
  return isObject(value) && ('from' in value || 'type' in value) && !('structLogs' in value)
}

type Outcome = { method: string; state: 'works' | 'missing' | 'uncertain'; reason: string }

async function tryProbe(rpc: Rpc, probe: Probe): Promise<Outcome> {
  const { method } = probe
  try {
    const answer = await rpc.request(method, probe.params)
    if (probe.accepts(answer)) return { method, state: 'works', reason: '' }
    return { method, state: 'missing', reason: 'answers in another shape' }
  } catch (thrown) {
    const isPassing = failureKindOf(thrown) !== undefined || isStateGone(thrown)
    return { method, state: isPassing ? 'uncertain' : 'missing', reason: messageOf(thrown) }
  }
}

function reasonsOf(outcomes: readonly Outcome[], wanted: Outcome['state']): Record<string, string> {
  return Object.fromEntries(
    outcomes.filter(({ state }) => state === wanted).map(({ method, reason }) => [method, reason]),
  )
}

function wrongChain(expected: number, got: number): CordonError {
  return new CordonError({
    code: 'chain.WrongChain',
    message: `The node is on chain ${got}, not on chain ${expected}.`,
    facts: { expected, got },
    fix: 'Point the RPC URL at a node of the right chain, or correct chains[].chainId in cordon.config.ts.',
  })
}

/** True where the nodes returned traces on request. */
export function hasTraces({ traces, uncertain }: Capabilities): boolean {
  return traces !== 'none' && Object.keys(uncertain).length === 0
}
