import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { SourceNotice } from '../../model/block.ts'
import type { EndpointStanding } from '../../model/vitals.ts'
import type { RequestOptions } from '../methods/asker.ts'
import type { Endpoint } from './endpoint.ts'
import { createEndpoint } from './endpoint.ts'
import { failureKindOf, isRevert } from './failure.ts'
import { isHeavy } from './http.ts'
import { createMethodBook } from './method-book.ts'
import {
  DOWN_AFTER,
  isClearlyWorse,
  newStanding,
  noteAnswer,
  noteFailure,
  type Standing,
  standingOf,
} from './standing.ts'

/** `only`: queries this endpoint alone, for answers that must be one node's view. */
export type AskOptions = RequestOptions & { only?: Endpoint | undefined }

/**
 * A chain through one or several nodes. One of them leads and is queried first; another answers when it fails, and
 * takes the lead only when it is clearly better: one failure does not move traffic.
 */
export type Rpc = {
  endpoints: readonly Endpoint[]
  /**
   * The answer of the leading endpoint, else of the next that has one. Throws the leader's refusal where all refuse,
   * `chain.EndpointFailed` where none answers.
   */
  request(method: string, params: readonly unknown[], options?: AskOptions): Promise<unknown>
  /** The endpoint whose view of the chain is followed. */
  leader(): Endpoint
  /** Records an endpoint's head and how its blocks compare with the followed chain. */
  place(endpoint: Endpoint, at: { head: number | null; place: Standing['place'] }): void
  standings(): EndpointStanding[]
  /** Adds a notice to those that {@link Rpc.takeNotices} returns. */
  note(notice: SourceNotice): void
  /** The events of endpoints since the last call, oldest first; the caller owns them then. */
  takeNotices(): SourceNotice[]
  close(): Promise<void>
}

export type RpcOptions = {
  urls: readonly string[]
  timeoutMs?: number
  /** How long an endpoint that is down is queried last, milliseconds. */
  cooldownMs?: number
  clock?: Clock
}

type Pool = {
  standings: readonly Standing[]
  leader: Standing
  notices: SourceNotice[]
  /** Notice and endpoint → when it was last reported: a node that lies in every block is reported once a minute. */
  noted: Map<string, number>
  /** By endpoint name, the last answer that was proven false. */
  lies: Map<string, { reason: string; at: number }>
  cooldownMs: number
  clock: Clock
}

/** Throws `chain.NoEndpoint` for an empty list, `chain.BadUrl`. */
export function createRpc({ urls, timeoutMs, cooldownMs = 5_000, clock = systemClock }: RpcOptions): Rpc {
  const standings = urls.map((url) => newStanding(createEndpoint(url, timeoutMs)))
  const [leader] = standings
  if (leader === undefined) throw noEndpoint()
  const pool: Pool = { standings, leader, notices: [], lies: new Map(), noted: new Map(), cooldownMs, clock }
  return {
    endpoints: standings.map(({ endpoint }) => endpoint),
    request: (method, params, options) => answerOf(pool, { method, params, options }),
    leader: () => pool.leader.endpoint,
    place(endpoint, at) {
      const standing = standings.find((it) => it.endpoint === endpoint)
      if (standing === undefined) return
      Object.assign(standing, at)
      elect(pool)
    },
    standings: () => standings.map((standing) => withLie(standingOf(standing), pool)),
    note(notice) {
      if (notice.code === 'endpoint-lied')
        pool.lies.set(String(notice.facts['endpoint']), { reason: notice.message, at: clock.now() })
      noteOnce(pool, notice)
    },
    takeNotices: () => pool.notices.splice(0),
    async close() {
      await Promise.all(standings.map(({ endpoint }) => endpoint.close()))
    },
  }
}

/** How long a false answer counts, milliseconds. */
const DOUBTED_MS = 60_000

/** An endpoint that answers quickly but falsely is not up: its standing must show that. */
function withLie(standing: EndpointStanding, { lies, clock }: Pool): EndpointStanding {
  const lie = lies.get(standing.name)
  if (standing.state !== 'up' || lie === undefined || clock.now() - lie.at > DOUBTED_MS) return standing
  return { ...standing, state: 'failing', reason: lie.reason }
}

/** The chain as one endpoint shows it: requests through this go to that endpoint only. */
export function through(rpc: Rpc, endpoint: Endpoint): Rpc {
  return {
    ...rpc,
    endpoints: [endpoint],
    leader: () => endpoint,
    request: (method, params, options) => rpc.request(method, params, { ...options, only: endpoint }),
  }
}

/** A chain behind one function that answers: recorded answers, a fork, a test's node. */
export function singleRpc(name: string, request: Endpoint['request']): Rpc {
  const endpoint: Endpoint = { name, request, methods: createMethodBook(), close: async () => {} }
  const notices: SourceNotice[] = []
  return {
    endpoints: [endpoint],
    request: (method, params, options) => request(method, params, options),
    leader: () => endpoint,
    place: () => {},
    standings: () => [],
    note: (notice) => notices.push(notice),
    takeNotices: () => notices.splice(0),
    close: async () => {},
  }
}

const NOTE_AGAIN_MS = 60_000

function noteOnce({ notices, noted, clock }: Pool, notice: SourceNotice): void {
  const key = `${notice.code}:${String(notice.facts['endpoint'])}`
  const now = clock.now()
  if (now - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < NOTE_AGAIN_MS) return
  noted.set(key, now)
  notices.push(notice)
}

type Call = { method: string; params: readonly unknown[]; options: AskOptions | undefined }

async function answerOf(pool: Pool, call: Call): Promise<unknown> {
  const order = orderOf(pool, call)
  let refused: unknown
  let failed: unknown
  for (const standing of [...order, ...(order.length === 1 ? order : [])]) {
    try {
      return await ask(pool, standing, call)
    } catch (thrown) {
      if (call.options?.signal?.aborted === true) throw thrown
      if (failureKindOf(thrown) === undefined) {
        // The EVM's own answer is the same everywhere; so is the result of a transaction that was sent.
        if (isRevert(thrown) || isWrite(call)) throw thrown
        refused ??= thrown
        if (order.length === 1) throw thrown
      } else {
        failed = thrown
        // A single endpoint is queried once more, unless it has used up its time.
        if (order.length === 1 && (failureKindOf(thrown) === 'timeout' || isWrite(call))) throw thrown
      }
    }
  }
  throw refused ?? failed
}

/** A transaction may have arrived although no answer came: its sender decides what to do. */
function isWrite({ method }: Call): boolean {
  return method.startsWith('eth_send')
}

/** An endpoint on another chain state is useless by block number; by hash it may have the exact block. */
function orderOf({ standings, leader, clock }: Pool, { params, options }: Call): Standing[] {
  const only = standings.find(({ endpoint }) => endpoint === options?.only)
  if (only !== undefined) return [only]
  const now = clock.now()
  const isByHash = typeof params[0] === 'string' && params[0].length === 66
  const others = standings.filter((it) => it !== leader && (isByHash || it.place !== 'elsewhere'))
  return [leader, ...others].sort((a, b) => Number(a.downUntil > now) - Number(b.downUntil > now))
}

async function ask(pool: Pool, standing: Standing, { method, params, options }: Call): Promise<unknown> {
  const wasDown = standing.failures >= DOWN_AFTER
  const failuresBefore = standing.failures
  try {
    const answer = await standing.endpoint.request(method, params, options)
    noteAnswer(standing)
    if (wasDown) pool.notices.push(recovered(standing, failuresBefore))
    return answer
  } catch (thrown) {
    if (options?.signal?.aborted === true) throw thrown
    if (failureKindOf(thrown) === undefined) noteAnswer(standing)
    else if (failureKindOf(thrown) !== 'timeout' || !isHeavy(method)) {
      noteFailure(standing, thrown, pool.clock.now() + pool.cooldownMs)
      if (standing.failures === DOWN_AFTER) pool.notices.push(failed(standing, thrown))
    }
    throw thrown
  } finally {
    elect(pool)
  }
}

function elect(pool: Pool): void {
  for (const candidate of pool.standings)
    if (isClearlyWorse(pool.leader, candidate)) {
      pool.notices.push(moved(pool.leader, candidate))
      pool.leader = candidate
    }
}

function failed({ endpoint }: Standing, thrown: unknown): SourceNotice {
  return {
    code: 'endpoint-failed',
    message: messageOf(thrown),
    facts: { endpoint: endpoint.name, kind: failureKindOf(thrown) },
  }
}

function recovered({ endpoint }: Standing, failures: number): SourceNotice {
  return {
    code: 'endpoint-recovered',
    message: `${endpoint.name} answers again after ${failures} failures in a row.`,
    facts: { endpoint: endpoint.name, failures },
  }
}

function moved(from: Standing, to: Standing): SourceNotice {
  const { state, reason } = standingOf(from)
  return {
    code: 'endpoint-moved',
    message: `Cordon now follows the chain through ${to.endpoint.name}: ${from.endpoint.name} is ${state}${reason === null ? '' : ` (${reason})`}.`,
    facts: { from: from.endpoint.name, to: to.endpoint.name, state, errorRate: standingOf(from).errorRate },
  }
}

function noEndpoint(): CordonError {
  return new CordonError({
    code: 'chain.NoEndpoint',
    message: 'No RPC endpoint was given.',
    fix: 'Set CORDON_RPC_URL, or chains[].rpcUrls in cordon.config.ts.',
  })
}
