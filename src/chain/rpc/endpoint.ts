import { http, webSocket } from 'viem'
import { CordonError, messageOf } from '../../kit/error.ts'
import { redact } from '../../kit/redact.ts'

/** One JSON-RPC node. */
export type Endpoint = {
  /** The URL without credentials, path and query: fit to print. */
  name: string
  /** The `result` of a JSON-RPC call. Throws `chain.EndpointFailed` (retryable) or `chain.RpcRefused`. */
  request(method: string, params: readonly unknown[]): Promise<unknown>
  /** Calls `wake` at each new notification; undefined where the transport has no subscriptions (HTTP). */
  subscribe?(
    params: readonly [string, ...unknown[]],
    wake: (result: unknown) => void,
  ): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** JSON-RPC codes by which a node says that it does not have a method. */
const NO_METHOD = new Set([-32601, -32004, -32000])

/** Blocks with traces and prestates of long transactions are tens of megabytes; viem stops at ten. A string holds 512. */
const MOST_BYTES = 256 * 2 ** 20

/** A node behind http(s) or ws(s). Nothing is sent before the first request. Throws `chain.BadUrl`. */
export function createEndpoint(url: string, timeoutMs = 10_000): Endpoint {
  const name = redact(url)
  if (/^wss?:\/\//.test(url)) return socketEndpoint(url, name, timeoutMs)
  if (!/^https?:\/\//.test(url)) throw badUrl(name)
  const { request } = http(url, { retryCount: 0, timeout: timeoutMs, maxResponseBodySize: MOST_BYTES })({})
  return {
    name,
    request: (method, params) => call(() => request({ method, params: [...params] }), name, method),
    close: async () => {},
  }
}

/**
 * viem's own reconnection prints the socket with its URL (where keys stand) to stderr, so it is off: a socket that
 * failed is dropped here, the next request opens a new one, and what was subscribed is subscribed again.
 */
function socketEndpoint(url: string, name: string, timeoutMs: number): Endpoint {
  const options = { retryCount: 0, timeout: timeoutMs, keepAlive: true, reconnect: false }
  const transport = webSocket(url, options)({})
  const socket = transport.value as SocketValue
  const subscriptions = new Set<Subscription>()
  let dropped = false
  const drop = async (): Promise<void> => {
    dropped = true
    const client = await socket.getRpcClient().catch(() => undefined)
    client?.close()
  }
  const subscribeOn = async (subscription: Subscription): Promise<void> => {
    const { unsubscribe } = await socket.subscribe({
      params: [...subscription.params],
      onData: (data) => subscription.wake(data.result),
      onError: () => subscription.wake(undefined),
    })
    subscription.unsubscribe = unsubscribe
  }
  return {
    name,
    async request(method, params) {
      try {
        const answer = await call(() => transport.request({ method, params: [...params] }), name, method)
        if (dropped) {
          dropped = false
          await Promise.allSettled([...subscriptions].map(subscribeOn))
        }
        return answer
      } catch (thrown) {
        if (thrown instanceof CordonError && thrown.code === 'chain.EndpointFailed') await drop()
        throw thrown
      }
    },
    async subscribe(params, wake) {
      const subscription: Subscription = { params, wake, unsubscribe: undefined }
      await call(() => subscribeOn(subscription), name, `eth_subscribe ${params[0]}`)
      subscriptions.add(subscription)
      return async () => {
        subscriptions.delete(subscription)
        await subscription.unsubscribe?.().catch(() => undefined)
      }
    },
    close: drop,
  }
}

type Subscription = {
  params: readonly [string, ...unknown[]]
  wake: (result: unknown) => void
  unsubscribe: (() => Promise<unknown>) | undefined
}

/** The part of viem's WebSocket transport that its generic type hides behind a client. */
type SocketValue = {
  subscribe(options: {
    params: unknown[]
    onData(data: { result?: unknown }): void
    onError(error: unknown): void
  }): Promise<{ unsubscribe(): Promise<unknown> }>
  getRpcClient(): Promise<{ close(): void }>
}

async function call<T>(act: () => Promise<T>, endpoint: string, method: string): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const code = codeOf(cause)
    if (code !== undefined) throw refused({ endpoint, method, code, cause })
    throw new CordonError({
      code: 'chain.EndpointFailed',
      message: `${endpoint} did not answer ${method}: ${messageOf(cause)}`,
      facts: { endpoint, method, reason: detailOf(cause) },
      fix: 'Check that the node is up and that the URL is its JSON-RPC address; `cordon doctor` tells more.',
      retryable: true,
      cause,
    })
  }
}

/** Codes by which a node says "not now": limit exceeded, resource unavailable, too many requests. Another may answer. */
const BUSY = new Set([-32005, -32002, -32029])
/** viem's code for what it could not make sense of: not a word of the node's. */
const UNKNOWN = -1

/** The JSON-RPC error code, where the node answered properly and refused. */
function codeOf(thrown: unknown): number | undefined {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'number' || code === UNKNOWN) continue
    if (BUSY.has(code)) return undefined
    if (code < 0 || code === 3) return code
  }
  return undefined
}

function detailOf(thrown: unknown): string {
  const { details } = thrown as { details?: unknown }
  return typeof details === 'string' ? details.slice(0, 200) : messageOf(thrown)
}

function refused(at: { endpoint: string; method: string; code: number; cause: unknown }): CordonError {
  const { endpoint, method, code, cause } = at
  return new CordonError({
    code: 'chain.RpcRefused',
    message: `${endpoint} refused ${method} with ${code}: ${detailOf(cause)}`,
    facts: { endpoint, method, code, data: dataOf(cause) },
    fix: NO_METHOD.has(code)
      ? 'The node does not offer this method, or not for this block: `cordon doctor` lists what it has.'
      : 'Read the node’s reason above; the same call will be refused again.',
    cause,
  })
}

/** Revert data, where the node gave it. */
function dataOf(thrown: unknown): string | undefined {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { data } = error as { data?: unknown }
    if (typeof data === 'string') return data
  }
  return undefined
}

function badUrl(name: string): CordonError {
  return new CordonError({
    code: 'chain.BadUrl',
    message: 'An RPC URL must begin with http://, https://, ws:// or wss://.',
    facts: { url: name },
    fix: 'Correct CORDON_RPC_URL or chains[].rpcUrls in cordon.config.ts.',
  })
}
