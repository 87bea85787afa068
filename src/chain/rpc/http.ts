import { messageOf } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import type { RequestOptions } from '../methods/asker.ts'
import { endpointFailed, type FailureKind, refusal } from './failure.ts'
import { readCapped, TRACE_LIMITS, WHOLE_LIMITS } from './read-capped.ts'

/** A request of this kind is inherently heavy: a long duration shows little about the node's health. */
export function isHeavy(method: string): boolean {
  return /^(debug|trace)_/.test(method)
}

export type Post = {
  url: string
  endpoint: string
  method: string
  params: readonly unknown[]
  timeoutMs: number
} & Pick<RequestOptions, 'signal' | 'onCut'>

let nextId = 1

/**
 * The `result` of one JSON-RPC call over HTTP, its answer read as a stream and bounded in memory.
 * Throws `chain.EndpointFailed` with the kind of failure, `chain.RpcRefused`.
 */
export async function postJsonRpc(post: Post): Promise<unknown> {
  const { method, endpoint, timeoutMs, signal } = post
  const timer = AbortSignal.timeout(timeoutMs)
  try {
    return await answered(post, signal === undefined ? timer : AbortSignal.any([timer, signal]))
  } catch (thrown) {
    if (
      thrown instanceof Error &&
      'code' in thrown &&
      typeof thrown.code === 'string' &&
      thrown.code.startsWith('chain.')
    )
      throw thrown
    if (timer.aborted || signal?.aborted === true)
      throw endpointFailed({ endpoint, method, kind: 'timeout', detail: `${timeoutMs} ms`, cause: thrown })
    const { kind, detail } = connectionFailure(thrown)
    throw endpointFailed({ endpoint, method, kind, detail, cause: thrown })
  }
}

async function answered(post: Post, signal: AbortSignal): Promise<unknown> {
  const { url, endpoint, method, params, onCut } = post
  const id = nextId++
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: toJson({ jsonrpc: '2.0', id, method, params }),
    signal,
  })
  const body = response.body ?? nothing()
  const read = await readCapped(body, onCut === undefined ? WHOLE_LIMITS : TRACE_LIMITS)
  if (read.kind === 'too-large') {
    const detail = `more than ${Math.floor(read.bytes / 2 ** 20)} MiB`
    throw endpointFailed({ endpoint, method, kind: 'too-large', detail })
  }
  const parsed = parse(read.text)
  if ('error' in parsed) throw refusal({ endpoint, method, ...parsed.error })
  if (!response.ok)
    throw endpointFailed({
      endpoint,
      method,
      kind: statusKind(response.status),
      detail: `status ${response.status}`,
    })
  if ('result' in parsed) {
    if (read.cut > 0) onCut?.(read.cut)
    return parsed.result
  }
  throw endpointFailed({ endpoint, method, ...parsed })
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

type Parsed =
  | { result: unknown }
  | { error: { code: number; message: string; data?: string | undefined } }
  | { kind: FailureKind; detail?: string | undefined }

function parse(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const begin = text.trimStart().slice(0, 60)
    if (begin.startsWith('<')) return { kind: 'html', detail: begin.split('\n', 1)[0] }
    if (/^[[{]/.test(begin) && isCutOff(thrown, text))
      return { kind: 'truncated', detail: `${text.length} characters` }
    return { kind: 'not-json', detail: text.length === 0 ? 'an empty answer' : begin }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'not-json-rpc' }
  const { error, result } = value as { error?: unknown; result?: unknown }
  if (error !== undefined && error !== null) return { error: errorOf(error) }
  return result === undefined ? { kind: 'not-json-rpc', detail: text.slice(0, 60) } : { result }
}

/** V8 reports where it stopped: at the end of the text where the text is truncated. */
function isCutOff(thrown: unknown, text: string): boolean {
  const message = messageOf(thrown)
  const at = /at position (\d+)/.exec(message)?.[1]
  return /Unexpected end|Unterminated/.test(message) || (at !== undefined && Number(at) >= text.length - 1)
}

function errorOf(error: unknown): { code: number; message: string; data?: string | undefined } {
  const { code, message, data } = (typeof error === 'object' ? error : { message: String(error) }) as Record<
    string,
    unknown
  >
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : 'no reason given',
    data: typeof data === 'string' ? data : undefined,
  }
}

function statusKind(status: number): FailureKind {
  return status === 429 ? 'busy' : 'http-status'
}

/** Errors of the socket, by the code that Node's fetch hides in the cause. */
function connectionFailure(thrown: unknown): { kind: FailureKind; detail: string | undefined } {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string') continue
    if (code === 'ECONNREFUSED') return { kind: 'refused-connection', detail: undefined }
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'unknown-host', detail: undefined }
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'ETIMEDOUT')
      return { kind: 'timeout', detail: undefined }
    return { kind: 'connection-lost', detail: code }
  }
  return { kind: 'connection-lost', detail: messageOf(thrown) }
}
