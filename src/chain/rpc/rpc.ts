import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { SourceNotice } from '../../model/block.ts'
import type { Endpoint } from './endpoint.ts'
import { createEndpoint } from './endpoint.ts'

/** A chain through one or several nodes: the first healthy one is asked, the next when it fails. */
export type Rpc = {
  endpoints: readonly Endpoint[]
  request(method: string, params: readonly unknown[]): Promise<unknown>
  /** What happened to endpoints since the last call, oldest first; the caller owns it then. */
  takeNotices(): SourceNotice[]
  close(): Promise<void>
}

export type RpcOptions = {
  urls: readonly string[]
  timeoutMs?: number
  /** How long a failed endpoint is left alone, milliseconds. */
  cooldownMs?: number
  clock?: Clock
}

type Health = { endpoint: Endpoint; downUntil: number; failures: number }

/** Throws `chain.NoEndpoint` for an empty list, `chain.BadUrl`. */
export function createRpc({ urls, timeoutMs, cooldownMs = 5_000, clock = systemClock }: RpcOptions): Rpc {
  const pool: Health[] = urls.map((url) => ({
    endpoint: createEndpoint(url, timeoutMs),
    downUntil: 0,
    failures: 0,
  }))
  if (pool.length === 0) throw noEndpoint()
  const notices: SourceNotice[] = []
  const context = { notices, cooldownMs, clock }
  return {
    endpoints: pool.map(({ endpoint }) => endpoint),
    request: (method, params) => firstAnswer(pool, { method, params }, context),
    takeNotices: () => notices.splice(0),
    async close() {
      await Promise.all(pool.map(({ endpoint }) => endpoint.close()))
    },
  }
}

type Context = { notices: SourceNotice[]; cooldownMs: number; clock: Clock }

async function firstAnswer(
  pool: readonly Health[],
  call: { method: string; params: readonly unknown[] },
  { notices, cooldownMs, clock }: Context,
): Promise<unknown> {
  const now = clock.now()
  // Healthy ones in the configured order, then those in cooldown: a bad node is better than none.
  const order = [...pool].sort((a, b) => Number(a.downUntil > now) - Number(b.downUntil > now))
  let last: unknown
  for (const health of order) {
    try {
      const answer = await health.endpoint.request(call.method, call.params)
      if (health.failures > 0) notices.push(recovered(health))
      health.failures = 0
      health.downUntil = 0
      return answer
    } catch (thrown) {
      if (!(thrown instanceof CordonError) || thrown.code !== 'chain.EndpointFailed') throw thrown
      if (health.failures === 0) notices.push(failed(health, thrown))
      health.failures++
      health.downUntil = clock.now() + cooldownMs
      last = thrown
    }
  }
  throw last
}

function failed({ endpoint }: Health, thrown: unknown): SourceNotice {
  return {
    code: 'endpoint-failed',
    message: `${endpoint.name} stopped answering: ${messageOf(thrown)}`,
    facts: { endpoint: endpoint.name },
  }
}

function recovered({ endpoint, failures }: Health): SourceNotice {
  return {
    code: 'endpoint-recovered',
    message: `${endpoint.name} answers again after ${failures} failed calls.`,
    facts: { endpoint: endpoint.name, failures },
  }
}

function noEndpoint(): CordonError {
  return new CordonError({
    code: 'chain.NoEndpoint',
    message: 'No RPC endpoint was given.',
    fix: 'Set CORDON_RPC_URL, or chains[].rpcUrls in cordon.config.ts.',
  })
}
