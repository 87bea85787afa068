import { z } from 'zod'
import { systemClock } from '../../../src/kit/clock.ts'
import type { Hash } from '../../../src/model/hex.ts'
import type { Call, Fault, FaultProxy, Forward, Reply } from './proxy.ts'

/** The targets of a fault in this run. */
export type Ground = {
  /** The target of most faults; the attack comes ten blocks later. */
  trap: Hash
  /** The newest block when the fault begins. */
  head: number
  /** Another chain with the same id and the same first blocks. */
  otherFork: Forward
  random: () => number
}

/** The expected state of Cordon while the fault is on and it matters. */
export type FaultCase = {
  id: string
  /**
   * `always`: on when the attack comes. `lifted`: the node is healthy again when the attack comes, because nothing
   * could be seen before.
   */
  lasts: 'always' | 'lifted'
  /**
   * `trap`: one endpoint cannot see the whole trap. `traces`: no trace at all. `text`: calldata that is cut, no call.
   * `node`: the endpoint as a whole does not serve. `fork`: it serves another fork. `none`: everything can still be
   * seen.
   */
  hides: 'trap' | 'traces' | 'text' | 'node' | 'fork' | 'none'
  transport: 'http' | 'ws'
  begin(proxy: FaultProxy, ground: Ground): Ending
}
type Ending = () => void

const using =
  (make: (ground: Ground) => Fault): FaultCase['begin'] =>
  (proxy, ground) => {
    proxy.use(make(ground))
    return () => proxy.use(null)
  }

const result = (value: unknown): Reply => ({ kind: 'result', value })
const rows = z.array(z.looseObject({ txHash: z.string().optional(), transactionHash: z.string().nullish() }))

/** The traces of a block, if this call asks for them and the trap is among them. */
async function trapBlock(call: Call, forward: Forward, trap: Hash): Promise<z.infer<typeof rows> | null> {
  if (!/^(debug_traceBlock|trace_block|trace_replayBlock)/.test(call.method)) return null
  const answer = await forward(call)
  const parsed = rows.safeParse(answer.kind === 'result' ? answer.value : null)
  if (!parsed.success) return null
  return parsed.data.some((row) => row.txHash === trap || row.transactionHash === trap) ? parsed.data : null
}

const asksForTrap = ({ method, params }: Call, trap: Hash): boolean =>
  /^(debug_traceTransaction|trace_transaction|trace_replayTransaction)$/.test(method) && params[0] === trap

/** A trace that is unavailable, for the block and for the transaction alone. */
function onTrap(
  id: string,
  hides: FaultCase['hides'],
  reply: (trap: Hash, alone: boolean) => Reply | Promise<Reply>,
): FaultCase {
  return {
    id,
    lasts: 'always',
    hides,
    transport: 'http',
    begin: using(({ trap }) => async (call, forward) => {
      const alone = asksForTrap(call, trap)
      if (!alone && (await trapBlock(call, forward, trap)) === null) return forward(call)
      return reply(trap, alone)
    }),
  }
}

/** geth gives a trace five seconds by default. */
const TRACER_MS = 5_000

function traceTimeout(): FaultCase {
  return onTrap('trace of one transaction times out', 'trap', async () => {
    await systemClock.sleep(TRACER_MS)
    return { kind: 'refused', code: -32000, message: 'execution timeout' }
  })
}

function oversizedTrace(): FaultCase {
  return onTrap('trace of one transaction is larger than memory', 'text', (trap, alone) => ({
    kind: 'stream',
    chunks: endless(trap, alone),
  }))
}

const MEGABYTE = '0'.repeat(2 ** 20)
const OVERSIZED_MEGABYTES = 300

function* endless(trap: Hash, alone: boolean): Generator<string> {
  const account = `0x${'00'.repeat(20)}`
  const call = `{"type":"CALL","from":"${account}","to":"${account}","value":"0x0","gas":"0x0","gasUsed":"0x0"`
  const frame = `${call},"input":"0x","output":"0x`
  yield '{"jsonrpc":"2.0","id":1,"result":'
  yield alone ? frame : `[{"txHash":"${trap}","result":${frame}`
  for (let written = 0; written < OVERSIZED_MEGABYTES; written++) yield MEGABYTE
  yield alone ? '"}}' : '"}}]}'
}

/** A state-sync transaction: the block lists it and its traces do not. */
function missingTrace(): FaultCase {
  return {
    id: 'trace of one transaction is missing',
    lasts: 'always',
    hides: 'trap',
    transport: 'http',
    begin: using(({ trap }) => async (call, forward) => {
      if (asksForTrap(call, trap))
        return { kind: 'refused', code: -32000, message: `transaction ${trap} not found` }
      const traces = await trapBlock(call, forward, trap)
      if (traces === null) return forward(call)
      return result(traces.filter((row) => row.txHash !== trap && row.transactionHash !== trap))
    }),
  }
}

function nullReceipt(): FaultCase {
  return {
    id: 'receipt of one transaction is null',
    lasts: 'always',
    hides: 'trap',
    transport: 'http',
    begin: using(({ trap }) => async (call, forward) => {
      if (call.method === 'eth_getTransactionReceipt' && call.params[0] === trap) return result(null)
      const answer = await forward(call)
      if (call.method !== 'eth_getBlockReceipts' || answer.kind !== 'result') return answer
      const receipts = rows.safeParse(answer.value)
      if (!receipts.success) return answer
      return result(receipts.data.map((row) => (row.transactionHash === trap ? null : row)))
    }),
  }
}

function refused(id: string, hides: FaultCase['hides'], methods: RegExp): FaultCase {
  return {
    id,
    lasts: 'always',
    hides,
    transport: 'http',
    begin: using(() => async (call, forward) => {
      if (!methods.test(call.method)) return forward(call)
      return {
        kind: 'refused',
        code: -32601,
        message: `the method ${call.method} does not exist/is not available`,
      }
    }),
  }
}

const blockSchema = z.object({ number: z.string(), hash: z.string(), transactions: z.array(z.unknown()) })

/** The trap's block is older than the node's state. */
function prunedState(): FaultCase {
  const gone: Reply = {
    kind: 'refused',
    code: -32000,
    message: 'required historical state unavailable (reexec=128)',
  }
  return {
    id: 'state of the block is pruned',
    lasts: 'always',
    hides: 'trap',
    transport: 'http',
    begin: using(({ trap }) => {
      let places: ReadonlySet<unknown> | undefined
      const find = async (forward: Forward): Promise<ReadonlySet<unknown>> => {
        const answer = await forward({ method: 'eth_getTransactionReceipt', params: [trap] })
        const receipt = z.object({ blockNumber: z.string(), blockHash: z.string() }).nullable()
        const mined = receipt.parse(answer.kind === 'result' ? answer.value : null)
        if (mined !== null) places = new Set([mined.blockNumber, mined.blockHash])
        return places ?? new Set()
      }
      return async (call, forward) => {
        const needsState =
          /^(debug_|trace_|eth_call|eth_getBalance|eth_getStorageAt|eth_getCode|eth_simulate)/
        if (asksForTrap(call, trap)) return gone
        if (!needsState.test(call.method)) return forward(call)
        const pruned = places ?? (await find(forward))
        return call.params.some((part) => pruned.has(part)) ? gone : forward(call)
      }
    }),
  }
}

function allAnswers(id: string, spoil: (answer: Reply) => Reply): FaultCase {
  return {
    id,
    lasts: 'lifted',
    hides: 'node',
    transport: 'http',
    begin: using(() => async (call, forward) => spoil(await forward(call))),
  }
}

function html(): Reply {
  return { kind: 'body', status: 502, type: 'text/html', body: '<html><body>502 Bad Gateway</body></html>' }
}

function truncated(answer: Reply): Reply {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    result: answer.kind === 'result' ? answer.value : null,
  })
  return { kind: 'body', status: 200, type: 'application/json', body: body.slice(0, body.length / 2) }
}

/** The node as it would be with `last` as its newest block. */
function asIfAt(lastOf: (ground: Ground) => number): FaultCase['begin'] {
  return using((ground) => async ({ method, params }, forward) => {
    const last = `0x${lastOf(ground).toString(16)}`
    if (method === 'eth_blockNumber') return result(last)
    if (['latest', 'pending', 'safe'].includes(String(params[0])))
      return forward({ method, params: [last, ...params.slice(1)] })
    if (
      typeof params[0] === 'string' &&
      /^0x[0-9a-f]{1,10}$/.test(params[0]) &&
      Number(params[0]) > Number(last)
    )
      return result(null)
    const answer = await forward({ method, params })
    const block = blockSchema.safeParse(answer.kind === 'result' ? answer.value : null)
    return block.success && Number(block.data.number) > Number(last) ? result(null) : answer
  })
}

function staleHead(): FaultCase {
  return {
    id: 'head stands still',
    lasts: 'lifted',
    hides: 'node',
    transport: 'http',
    begin: asIfAt(({ head }) => head),
  }
}

function nodeReset(): FaultCase {
  return {
    id: 'node begins again at block 0',
    lasts: 'lifted',
    hides: 'node',
    transport: 'http',
    begin: asIfAt(() => 0),
  }
}

/** The right hash, and receipts without logs. */
function emptiedReceipts(): FaultCase {
  const bloom = `0x${'0'.repeat(512)}`
  const emptied = (row: object): object => ({ ...row, logs: [], logsBloom: bloom })
  return {
    id: 'receipts without their logs',
    lasts: 'always',
    hides: 'trap',
    transport: 'http',
    begin: using(() => async (call, forward) => {
      const answer = await forward(call)
      if (!/^eth_get(Block|Transaction)Receipts?$/.test(call.method) || answer.kind !== 'result')
        return answer
      const many = rows.safeParse(answer.value)
      if (many.success) return result(many.data.map(emptied))
      return typeof answer.value === 'object' && answer.value !== null
        ? result(emptied(answer.value))
        : answer
    }),
  }
}

function otherFork(): FaultCase {
  return {
    id: 'node is on another fork',
    lasts: 'lifted',
    hides: 'fork',
    transport: 'http',
    begin: using(
      ({ otherFork: elsewhere }) =>
        (call) =>
          elsewhere(call),
    ),
  }
}

function nodeGone(): FaultCase {
  return {
    id: 'node is gone',
    lasts: 'lifted',
    hides: 'node',
    transport: 'http',
    begin(proxy) {
      proxy.goAway()
      return proxy.comeBack
    },
  }
}

const DROP_EVERY_MS = 700

function socketDropped(): FaultCase {
  return {
    id: 'WebSocket is dropped again and again',
    lasts: 'always',
    hides: 'none',
    transport: 'ws',
    begin(proxy) {
      const timer = setInterval(proxy.dropSockets, DROP_EVERY_MS)
      return () => clearInterval(timer)
    },
  }
}

function someErrors(): FaultCase {
  const errors: readonly Reply[] = [
    { kind: 'refused', code: -32603, message: 'Internal error' },
    { kind: 'refused', code: -32005, message: 'limit exceeded' },
    { kind: 'body', status: 500, type: 'text/plain', body: 'internal server error' },
    { kind: 'body', status: 429, type: 'text/plain', body: 'too many requests' },
    html(),
    { kind: 'cut' },
  ]
  return {
    id: '30 % of answers are errors',
    lasts: 'always',
    hides: 'none',
    transport: 'http',
    begin: using(({ random }) => async (call, forward) => {
      if (random() >= 0.3) return forward(call)
      return errors[Math.floor(random() * errors.length)] ?? html()
    }),
  }
}

/** One fault per row. */
export const faultCases: readonly FaultCase[] = [
  traceTimeout(),
  oversizedTrace(),
  missingTrace(),
  nullReceipt(),
  refused('block traces are refused', 'none', /^debug_traceBlock/),
  refused('all traces are refused', 'traces', /^(debug_trace(?!Call)|trace_)/),
  prunedState(),
  allAnswers('HTML in place of JSON', html),
  allAnswers('truncated JSON', truncated),
  staleHead(),
  emptiedReceipts(),
  otherFork(),
  nodeGone(),
  nodeReset(),
  socketDropped(),
  someErrors(),
]
