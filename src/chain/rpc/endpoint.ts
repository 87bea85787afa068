import { webSocket } from 'viem'
import { CordonError, messageOf } from '../../kit/error.ts'
import { redact } from '../../kit/redact.ts'
import type { RequestOptions } from '../methods/asker.ts'
import { endpointFailed, type FailureKind, failureKindOf, refusal } from './failure.ts'
import { postJsonRpc } from './http.ts'
import { createMethodBook, type MethodBook } from './method-book.ts'

/** One JSON-RPC node. */
export type Endpoint = {
  /** The URL without credentials, path and query: safe to print. */
  name: string
  /** The `result` of a JSON-RPC call. Throws `chain.EndpointFailed` (retryable) or `chain.RpcRefused`. */
  request(method: string, params: readonly unknown[], options?: RequestOptions): Promise<unknown>
  /** Calls `wake` at each new notification; undefined where the transport has no subscriptions (HTTP). */
  subscribe?(
    params: readonly [string, ...unknown[]],
    wake: (result: unknown) => void,
  ): Promise<() => Promise<void>>
  /** The methods that it has, as its answers have shown. */
  methods: MethodBook
  close(): Promise<void>
}

/** A node behind http(s) or ws(s). Nothing is sent before the first request. Throws `chain.BadUrl`. */
export function createEndpoint(url: string, timeoutMs = 10_000): Endpoint {
  const name = redact(url)
  if (/^wss?:\/\//.test(url)) return socketEndpoint(url, name, timeoutMs)
  if (!/^https?:\/\//.test(url)) throw badUrl(name)
  return {
    name,
    methods: createMethodBook(),
    request: (method, params, options = {}) =>
      postJsonRpc({
        url,
        endpoint: name,
        method,
        params,
        ...options,
        timeoutMs: options.timeoutMs ?? timeoutMs,
      }),
    close: async () => {},
  }
}

/**
 * viem's own reconnection prints the socket with its URL (which contains keys) to stderr, so it is off: a failed socket
 * is dropped here, the next request opens a new one, and subscriptions are renewed.
 */
function socketEndpoint(url: string, name: string, timeoutMs: number): Endpoint {
  const options = { retryCount: 0, timeout: LONGEST_MS, keepAlive: true, reconnect: false }
  const transport = webSocket(url, options)({})
  const socket = transport.value as SocketValue
  const subscriptions = new Set<Subscription>()
  let dropped = false
  let silent = 0
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
    methods: createMethodBook(),
    async request(method, params, options = {}) {
      try {
        const patience = { ...options, timeoutMs: options.timeoutMs ?? timeoutMs }
        const ask = (): Promise<unknown> =>
          within(transport.request({ method, params: [...params] }), patience)
        const answer = await call(ask, name, method)
        silent = 0
        if (dropped) {
          dropped = false
          await Promise.allSettled([...subscriptions].map(subscribeOn))
        }
        return answer
      } catch (thrown) {
        // One slow request proves nothing about the socket; several in a row may be a connection that failed silently.
        if (failureKindOf(thrown) === 'timeout') silent++
        else if (failureKindOf(thrown) !== undefined) silent = SILENT
        if (silent >= SILENT) {
          silent = 0
          await drop()
        }
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

/** viem's own limit per request; ours is shorter. */
const LONGEST_MS = 300_000
/** Unanswered requests in a row after which a socket is reopened. */
const SILENT = 3

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

/** One call over the socket, with its failures converted by {@link endpointFailed}. */
async function call<T>(act: () => Promise<T>, endpoint: string, method: string): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const refused = refusedBy(cause)
    if (refused !== undefined) throw refusal({ endpoint, method, ...refused })
    throw endpointFailed({ endpoint, method, ...socketFailure(cause), cause })
  }
}

/** viem's code for an answer that it could not interpret: not a code of the node. */
const UNKNOWN = -1

/** The JSON-RPC error, where the node answered correctly and refused. */
function refusedBy(
  thrown: unknown,
): { code: number; message: string; data?: string | undefined } | undefined {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code, details, data } = error as { code?: unknown; details?: unknown; data?: unknown }
    if (typeof code !== 'number' || code === UNKNOWN || (code > 0 && code !== 3 && code !== 429)) continue
    const message = typeof details === 'string' ? details : messageOf(error)
    return { code, message, data: typeof data === 'string' ? data : undefined }
  }
  return undefined
}

function socketFailure(thrown: unknown): { kind: FailureKind; detail: string } {
  const detail = messageOf(thrown)
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const text = `${error.name} ${error.message}`
    if (/ECONNREFUSED/.test(text)) return { kind: 'refused-connection', detail }
    if (/ENOTFOUND|EAI_AGAIN/.test(text)) return { kind: 'unknown-host', detail }
    if (/TimeoutError|took too long/.test(text)) return { kind: 'timeout', detail }
    if (/Unexpected server response/.test(text)) return { kind: 'http-status', detail }
  }
  return { kind: 'connection-lost', detail }
}

/** A request that exceeds its own time limit fails for the caller; the socket stays open. */
async function within<T>(
  act: Promise<T>,
  { timeoutMs, signal }: { timeoutMs: number } & RequestOptions,
): Promise<T> {
  const timer = AbortSignal.timeout(timeoutMs)
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(new DOMException(`took too long: ${timeoutMs} ms`, 'TimeoutError'))
    const end = signal === undefined ? timer : AbortSignal.any([timer, signal])
    if (end.aborted) giveUp()
    end.addEventListener('abort', giveUp, { once: true })
    act.then(resolve, reject).finally(() => end.removeEventListener('abort', giveUp))
  })
}

function badUrl(name: string): CordonError {
  return new CordonError({
    code: 'chain.BadUrl',
    message: 'An RPC URL must begin with http://, https://, ws:// or wss://.',
    facts: { url: name },
    fix: 'Correct CORDON_RPC_URL or chains[].rpcUrls in cordon.config.ts.',
  })
}
