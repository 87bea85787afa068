import { CordonError, messageOf } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'
import { callTracer } from '../methods/tracer.ts'
import { array, object, type Raw } from '../trace/fields.ts'
import { framesFromParity } from '../trace/parity.ts'
import { toCallTracer } from '../trace/to-call-tracer.ts'
import {
  type Asking,
  type BlockHead,
  eachOf,
  endpointsOf,
  isPassing,
  type Miss,
  millisecondsLeft,
  notYet,
  otherBlock,
  rounds,
  TIME_OVER,
  WORTH_ASKING_MS,
} from './block-parts.ts'
import type { Endpoint } from './endpoint.ts'
import { failureKindOf, isAbsent, isStateGone } from './failure.ts'
import { mayHave, noteAbsent, notePresent, noteRefusal } from './method-book.ts'
import { stepTrace } from './step-traces.ts'

/** The available traces of a block, in the form of a bundle line. */
export type BlockTraces = {
  /** `none`: no endpoint offers traces at all. */
  kind: 'callTracer' | 'parity' | 'none'
  traces: readonly unknown[]
  /** Transactions without a trace, with the reason. */
  missing: ReadonlyMap<Hash, Miss>
}

type Traced = { kind: 'callTracer'; result: unknown } | { kind: 'parity'; traces: unknown[] }

type Gathering = {
  block: BlockHead
  asking: Asking
  traced: Map<Hash, Traced>
  reasons: Map<Hash, Miss>
  /** Endpoints that no longer have the state: further requests to them are useless. */
  gone: Set<Endpoint>
  /** True once an endpoint with some trace method was found. */
  isOffered: boolean
  /** Whether the truncation of long strings was reported. */
  isCutTold: boolean
  /** A request failed in this round that may succeed in a moment. */
  isPassing: boolean
}

type BlockMethod = 'debug_traceBlockByHash' | 'debug_traceBlockByNumber' | 'trace_block'
const BLOCK_METHODS: readonly BlockMethod[] = [
  'debug_traceBlockByHash',
  'debug_traceBlockByNumber',
  'trace_block',
]
/** Transactions traced in parallel if the block cannot be traced as a whole. */
const AT_ONCE = 8
/**
 * Maximum parallel traces of transactions that are requested again, in order: a node that traces sequentially would do
 * the heavy ones meanwhile.
 */
const WANTED_AT_ONCE = 2
/** Share of the time for the block as a whole; the rest is for its transactions one by one. */
const WHOLE_SHARE = 0.6

/**
 * The best traces that the endpoints return within the time: the block as a whole by any method, then the missing ones
 * one transaction at a time, by callTracer, Parity or steps. Never throws: unavailable traces are listed.
 */
export async function tracesOf(block: BlockHead, asking: Asking): Promise<BlockTraces> {
  const gathering: Gathering = {
    block,
    asking,
    traced: new Map(),
    reasons: new Map(),
    gone: new Set(),
    isOffered: false,
    isCutTold: false,
    isPassing: false,
  }
  await rounds(asking, async () => {
    gathering.isPassing = false
    await oneRound(gathering)
    return missingOf(gathering).length > 0 && gathering.isPassing
  })
  return assemble(gathering)
}

async function oneRound(gathering: Gathering): Promise<void> {
  const endpoints = endpointsOf(gathering.asking.rpc)
  const whole = async (): Promise<void> => {
    for (const endpoint of endpoints)
      if (gathering.traced.size === 0 && missingOf(gathering).length > 0)
        await wholeBlock(endpoint, gathering)
  }
  const { wanted } = gathering.asking
  // the requested parts were already missing when the whole block was traced: it would take as long again
  if (wanted === undefined) await whole()
  const atOnce = wanted === undefined ? AT_ONCE : WANTED_AT_ONCE
  for (const endpoint of endpoints)
    if (!gathering.gone.has(endpoint))
      await eachOf(wantedOf(gathering), atOnce, (hash) => oneTransaction(endpoint, hash, gathering))
  if (wanted !== undefined) await whole()
}

function missingOf({ block, traced }: Gathering): Hash[] {
  return block.transactions.flatMap(({ hash }) => (traced.has(hash) ? [] : [hash]))
}

function wantedOf(gathering: Gathering): Hash[] {
  const missing = missingOf(gathering)
  const { wanted } = gathering.asking
  return wanted === undefined ? missing : [...wanted].filter((hash) => missing.includes(hash))
}

async function wholeBlock(endpoint: Endpoint, gathering: Gathering): Promise<void> {
  const { asking } = gathering
  for (const method of BLOCK_METHODS) {
    const now = asking.clock.now()
    const timeoutMs = Math.floor(millisecondsLeft(asking) * WHOLE_SHARE)
    if (timeoutMs < WORTH_ASKING_MS) return
    if (!mayHave(endpoint.methods, method, now)) continue
    let cut = 0
    try {
      const onCut = (strings: number): void => {
        cut = strings
      }
      const params = paramsOf(method, gathering.block, { timeoutMs, reexec: asking.reexec })
      const answer = await endpoint.request(method, params, { timeoutMs, signal: asking.signal, onCut })
      take(method, answer, gathering)
      notePresent(endpoint.methods, method)
      gathering.isOffered = true
      if (cut > 0) tellCut(endpoint, cut, gathering)
      return
    } catch (thrown) {
      noteRefusal(endpoint.methods, method, { thrown, now })
      gathering.isPassing ||= isPassing(thrown)
      if (isOtherShape(thrown)) noteAbsent(endpoint.methods, method, { reason: messageOf(thrown), now })
      if (mayHave(endpoint.methods, method, now)) gathering.isOffered = true
      note(gathering, missingOf(gathering), { reason: messageOf(thrown), isOwnFault: false })
      if (isStateGone(thrown)) {
        gathering.gone.add(endpoint)
        return
      }
      // A failure due to size or connection would recur with the next method: one by one is lighter.
      if (failureKindOf(thrown) !== undefined) return
    }
  }
}

function paramsOf(
  method: BlockMethod,
  { hash, raw }: BlockHead,
  told: { timeoutMs: number; reexec: number },
): readonly unknown[] {
  if (method === 'trace_block') return [raw['number']]
  return [method === 'debug_traceBlockByHash' ? hash : raw['number'], callTracer(told)]
}

/** Reads an answer's traces of the block's transactions. Throws for another shape or another block. */
function take(method: BlockMethod, answer: unknown, gathering: Gathering): void {
  const { block } = gathering
  if (answer === null) throw notYet(method)
  const items = array(answer, method).map((item) => object(item, method))
  if (method === 'trace_block') {
    takeParity(items, gathering)
    return
  }
  const own = new Set(block.transactions.map(({ hash }) => hash))
  const isComplete = items.length === own.size
  items.forEach((item, index) => {
    const named = item['txHash'] ?? (isComplete ? block.transactions[index]?.hash : undefined)
    if (typeof named !== 'string') return
    const hash = named.toLowerCase() as Hash
    if (!own.has(hash)) throw otherBlock(method, hash)
    const trouble = troubleOf(item)
    if (trouble === undefined) gathering.traced.set(hash, { kind: 'callTracer', result: item['result'] })
    else note(gathering, [hash], { reason: trouble, isOwnFault: true })
  })
  note(gathering, missingOf(gathering), { reason: `${method} has no trace of it`, isOwnFault: false })
}

/** Why an entry of a block's trace is not a trace; undefined where it is one. Throws where the tracer was ignored. */
function troubleOf({ error, result }: Raw): string | undefined {
  if (typeof error === 'string') return `the node could not trace it: ${error}`
  if (typeof result !== 'object' || result === null) return 'the node gave no trace of it'
  if ('structLogs' in result) throw otherShape('steps instead of calls')
  return undefined
}

function takeParity(items: readonly Raw[], gathering: Gathering): void {
  const { block } = gathering
  const own = new Set<string>(block.transactions.map(({ hash }) => hash))
  const groups = new Map<Hash, unknown[]>()
  for (const item of items) {
    if (item['blockHash'] !== undefined && item['blockHash'] !== block.hash)
      throw otherBlock('trace_block', String(item['blockHash']))
    const hash = item['transactionHash']
    if (typeof hash !== 'string' || item['type'] === 'reward') continue
    if (!own.has(hash)) throw otherBlock('trace_block', hash)
    groups.set(hash as Hash, [...(groups.get(hash as Hash) ?? []), item])
  }
  for (const [hash, traces] of groups) gathering.traced.set(hash, { kind: 'parity', traces })
  note(gathering, missingOf(gathering), { reason: 'trace_block has no trace of it', isOwnFault: false })
}

async function oneTransaction(endpoint: Endpoint, hash: Hash, gathering: Gathering): Promise<void> {
  for (const way of ['callTracer', 'steps', 'parity'] as const) {
    const { asking } = gathering
    const now = asking.clock.now()
    const timeoutMs = millisecondsLeft(asking)
    if (timeoutMs < WORTH_ASKING_MS || gathering.gone.has(endpoint)) return
    const method = way === 'parity' ? 'trace_transaction' : 'debug_traceTransaction'
    const entry = way === 'steps' ? `${method} without tracer` : method
    if (!mayHave(endpoint.methods, entry, now)) continue
    try {
      gathering.traced.set(hash, await traced(way, hash, { endpoint, timeoutMs, gathering }))
      notePresent(endpoint.methods, entry)
      gathering.isOffered = true
      return
    } catch (thrown) {
      noteRefusal(endpoint.methods, entry, { thrown, now })
      gathering.isPassing ||= isPassing(thrown)
      if (isOtherShape(thrown)) noteAbsent(endpoint.methods, entry, { reason: messageOf(thrown), now })
      if (mayHave(endpoint.methods, entry, now)) gathering.isOffered = true
      note(gathering, [hash], { reason: messageOf(thrown), isOwnFault: isOwnFault(thrown) })
      if (isStateGone(thrown)) gathering.gone.add(endpoint)
      // Another method of the same node would take as long.
      if (failureKindOf(thrown) !== undefined) return
    }
  }
}

type OneAsking = { endpoint: Endpoint; timeoutMs: number; gathering: Gathering }

async function traced(
  way: 'callTracer' | 'steps' | 'parity',
  hash: Hash,
  { endpoint, timeoutMs, gathering }: OneAsking,
): Promise<Traced> {
  const { asking, block } = gathering
  const options = { timeoutMs, signal: asking.signal }
  if (way === 'steps') {
    const transaction = block.transactions.find((it) => it.hash === hash)?.raw ?? {}
    const request: Endpoint['request'] = (method, params) => endpoint.request(method, params, options)
    return { kind: 'callTracer', result: await stepTrace(hash, { transaction, receipt: undefined, request }) }
  }
  if (way === 'parity') {
    const answer = array(await endpoint.request('trace_transaction', [hash], options), 'trace_transaction')
    if (answer.length === 0) throw notYet('trace_transaction')
    return { kind: 'parity', traces: [...answer] }
  }
  let cut = 0
  const onCut = (strings: number): void => {
    cut = strings
  }
  const params = [hash, callTracer({ timeoutMs, reexec: asking.reexec })]
  const result = await endpoint.request('debug_traceTransaction', params, { ...options, onCut })
  if (result === null) throw notYet('debug_traceTransaction')
  if ('structLogs' in object(result, 'debug_traceTransaction')) throw otherShape('steps instead of calls')
  if (cut > 0) tellCut(endpoint, cut, gathering)
  return { kind: 'callTracer', result }
}

/** A reason about the transaction itself takes precedence over one about its block. */
function note({ reasons, traced }: Gathering, hashes: readonly Hash[], miss: Miss): void {
  for (const hash of hashes)
    if (!traced.has(hash) && (miss.isOwnFault || reasons.get(hash)?.isOwnFault !== true))
      reasons.set(hash, miss)
}

/**
 * A trace requested individually fails by its own size or format, unless the node lacks method, state or connection.
 */
function isOwnFault(thrown: unknown): boolean {
  const kind = failureKindOf(thrown)
  if (kind !== undefined) return kind === 'timeout' || kind === 'too-large'
  return !isAbsent(thrown) && !isStateGone(thrown) && !isPassing(thrown)
}

function assemble(gathering: Gathering): BlockTraces {
  const { block, traced, reasons, isOffered } = gathering
  const isNeverThere = !isOffered && !gathering.asking.areTracesExpected
  if (traced.size === 0 && isNeverThere && block.transactions.length > 0)
    return { kind: 'none', traces: [], missing: new Map() }
  const missing = new Map(missingOf(gathering).map((hash) => [hash, reasons.get(hash) ?? TIME_OVER]))
  const parts = block.transactions.flatMap(({ hash }) => {
    const part = traced.get(hash)
    return part === undefined ? [] : [{ hash, part }]
  })
  const isMixed = new Set(parts.map(({ part }) => part.kind)).size > 1
  if (!isMixed && parts[0]?.part.kind === 'parity')
    return {
      kind: 'parity',
      traces: parts.flatMap(({ part }) => (part.kind === 'parity' ? part.traces : [])),
      missing,
    }
  const traces = parts.flatMap(({ hash, part }) => {
    const result = part.kind === 'parity' ? converted(hash, part.traces, missing) : part.result
    return result === undefined ? [] : [{ txHash: hash, result }]
  })
  return { kind: 'callTracer', traces, missing }
}

/** Converts one transaction's Parity traces to callTracer form; a broken one is missing, the others stay. */
function converted(hash: Hash, traces: readonly unknown[], missing: Map<Hash, Miss>): object | undefined {
  try {
    return toCallTracer(framesFromParity(traces, `traces of ${hash}`))
  } catch (thrown) {
    missing.set(hash, { reason: messageOf(thrown), isOwnFault: true })
    return undefined
  }
}

function tellCut(endpoint: Endpoint, strings: number, gathering: Gathering): void {
  if (gathering.isCutTold) return
  gathering.isCutTold = true
  const { number } = gathering.block
  gathering.asking.rpc.note({
    code: 'trace-cut',
    message: `A trace of block ${number} is very large: ${strings} long strings of calldata were shortened; the calls are complete.`,
    facts: { endpoint: endpoint.name, block: number, strings },
  })
}

function otherShape(shape: string): CordonError {
  return new CordonError({
    code: 'chain.MalformedField',
    message: `The node ignores the tracer: it returns ${shape}.`,
    facts: { expected: 'callTracer', got: shape },
    fix: 'Nothing to do if another method works; `cordon doctor` shows what the node offers.',
  })
}

function isOtherShape(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.code === 'chain.MalformedField'
}
