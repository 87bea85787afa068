import { CordonError } from '../../kit/error.ts'
import { redact } from '../../kit/redact.ts'

/** The ways in which a node fails to answer, distinguished because each has another fix. */
export const failureKinds = [
  'refused-connection',
  'unknown-host',
  'connection-lost',
  'timeout',
  'http-status',
  'html',
  'truncated',
  'not-json',
  'not-json-rpc',
  'too-large',
  'busy',
  'internal-error',
] as const
export type FailureKind = (typeof failureKinds)[number]

export type Failure = {
  endpoint: string
  method: string
  kind: FailureKind
  /** The part that varies: the status, the beginning of the text, the seconds waited. */
  detail?: string | undefined
  cause?: unknown
}

const WORDS: Readonly<Record<FailureKind, { says: string; fix: string }>> = {
  'refused-connection': {
    says: 'refuses connections',
    fix: 'Start the node, or correct the host and port in its URL.',
  },
  'unknown-host': {
    says: 'has a host name that does not resolve',
    fix: 'Correct the host in the URL, or repair name resolution on this machine.',
  },
  'connection-lost': {
    says: 'closed the connection before it answered',
    fix: 'Check the node’s log and the network to it; Cordon asks again by itself.',
  },
  timeout: {
    says: 'did not answer in time',
    fix: 'The node is overloaded, or the request is too large for it: check its load, or add an endpoint.',
  },
  'http-status': {
    says: 'answers with an HTTP error',
    fix: 'Check the status: 401 and 403 mean credentials, 404 the path, 5xx the node or a proxy in front of it.',
  },
  html: {
    says: 'answers with an HTML page',
    fix: 'A proxy, a login page or a web server answers at this URL: correct the URL of the JSON-RPC endpoint.',
  },
  truncated: {
    says: 'sends JSON that is cut off',
    fix: 'A proxy or the node cuts off long answers: raise its limit on response size, or connect to the node directly.',
  },
  'not-json': {
    says: 'sends something that is not JSON',
    fix: 'Check that the URL is the node’s JSON-RPC address.',
  },
  'not-json-rpc': {
    says: 'sends JSON that is no JSON-RPC response',
    fix: 'Check that the URL is the node’s JSON-RPC address, not another API of the node.',
  },
  'too-large': {
    says: 'sends an answer that is larger than Cordon reads',
    fix: 'Nothing to do: Cordon requests the parts one by one.',
  },
  busy: {
    says: 'says that it is busy',
    fix: 'The node limits requests: raise the limit of your plan, or add an endpoint.',
  },
  'internal-error': {
    says: 'says that something went wrong inside it',
    fix: 'Check the node’s log; Cordon asks again, and asks the next endpoint.',
  },
}

/** `chain.EndpointFailed`: the node did not answer; another node may, or the same one later. */
export function endpointFailed({ endpoint, method, kind, detail, cause }: Failure): CordonError {
  const { says, fix } = WORDS[kind]
  const shown = detail === undefined ? undefined : redact(detail).slice(0, 200)
  return new CordonError({
    code: 'chain.EndpointFailed',
    message: `${endpoint} ${says}${shown === undefined ? '' : ` (${shown})`}: ${method} has no answer.`,
    facts: { endpoint, method, kind },
    fix,
    retryable: true,
    cause,
  })
}

/** How an endpoint failed; undefined for errors other than `chain.EndpointFailed`. */
export function failureKindOf(thrown: unknown): FailureKind | undefined {
  if (!(thrown instanceof CordonError) || thrown.code !== 'chain.EndpointFailed') return undefined
  return failureKinds.find((kind) => kind === thrown.facts['kind'])
}

/**
 * A node that does not answer has not refused: counting it as a refusal would leave a plan without authority. Rethrows
 * such failures.
 */
export function unlessDown(thrown: unknown): void {
  if (failureKindOf(thrown) !== undefined) throw thrown
}

/** JSON-RPC codes by which a node reports "not now": limit exceeded, resource unavailable, too many requests. */
const BUSY = new Set([-32005, -32002, -32029, 429])
const NO_METHOD =
  /method .*(not (found|exist|supported|available|whitelisted|allowed|enabled)|disabled)|does not exist|unsupported method/i
/** Phrases of nodes for state that they no longer have: geth, erigon, nethermind, besu, reth, anvil. */
const STATE_GONE =
  /missing trie node|historical state|state .*(not available|unavailable|pruned|is not recent)|required historical|header not found|pruned|no state available|world state unavailable|state histories|older than|BlockOutOfRange|block range/i

/** Requests that run no code: an internal error (-32603) is then the node's failure, else it may be a revert. */
const PLAIN_READ =
  /^(eth_(chainId|blockNumber|getBlock|getTransaction|getLogs|getCode|getBalance|getStorageAt|syncing)|net_|web3_)/

/** A node's error answer instead of a result. */
export type Refusal = {
  endpoint: string
  method: string
  code: number
  message: string
  data?: string | undefined
}

/** `chain.EndpointFailed` where the node is busy, else `chain.RpcRefused`. */
export function refusal({ endpoint, method, code, message, data }: Refusal): CordonError {
  if (BUSY.has(code) && !STATE_GONE.test(message) && !/transaction|nonce|underpriced/i.test(message))
    return endpointFailed({ endpoint, method, kind: 'busy', detail: `${code} ${message}` })
  if (code === -32603 && PLAIN_READ.test(method) && !STATE_GONE.test(message) && !NO_METHOD.test(message))
    return endpointFailed({ endpoint, method, kind: 'internal-error', detail: message })
  const isAbsent = code === -32601 || code === -32004 || NO_METHOD.test(message)
  return new CordonError({
    code: 'chain.RpcRefused',
    message: `${endpoint} refused ${method} with ${code}: ${redact(message).slice(0, 200)}`,
    facts: { endpoint, method, code, data, absent: isAbsent ? true : undefined },
    fix: isAbsent
      ? 'The node does not offer this method: `cordon doctor` lists what it has.'
      : STATE_GONE.test(message)
        ? 'The node no longer has the state of that block: ask an archive node, or one that keeps more.'
        : 'Read the node’s reason above; the same call will be refused again.',
  })
}

/** True where the node reports that it does not have the method at all. */
export function isAbsent(thrown: unknown): boolean {
  return (
    thrown instanceof CordonError && thrown.code === 'chain.RpcRefused' && thrown.facts['absent'] === true
  )
}

/** True where the node reports that it no longer has the state of the requested block. */
export function isStateGone(thrown: unknown): boolean {
  return (
    thrown instanceof CordonError && thrown.code === 'chain.RpcRefused' && STATE_GONE.test(thrown.summary)
  )
}

/**
 * True where the EVM answered: the call ran and reverted. Geth and similar nodes answer with code 3; others only in the
 * message.
 */
export function isRevert(thrown: unknown): boolean {
  if (!(thrown instanceof CordonError) || thrown.code !== 'chain.RpcRefused') return false
  return (
    thrown.facts['code'] === 3 ||
    /revert|invalid opcode|out of gas|bad jump|stack (under|over)flow/i.test(thrown.summary)
  )
}
