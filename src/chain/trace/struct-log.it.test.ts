import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { deployDrill } from '../../drills/deploy.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Frame } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { createRpc, type Rpc } from '../rpc/rpc.ts'
import { type Anvil, startAnvil } from '../sandbox/anvil.ts'
import { framesFromCallTracer } from './call-tracer.ts'
import { framesFromStructLog } from './struct-log.ts'

let anvil: Anvil
let rpc: Rpc
let sender: Address

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' }, stepsTracing: true })
  rpc = createRpc({ urls: [anvil.url] })
  sender = z.array(z.string()).parse(await rpc.request('eth_accounts', []))[0] as Address
})
afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

const txSchema = z.object({
  from: z.string(),
  to: z.string().nullable(),
  input: z.string(),
  value: z.string(),
  gas: z.string(),
})
const receiptSchema = z.object({ contractAddress: z.string().nullable().optional() })

/** anvil may know a receipt a moment after it mined. */
async function receiptOf(hash: unknown): Promise<unknown> {
  for (;;) {
    const receipt = await rpc.request('eth_getTransactionReceipt', [hash])
    if (receipt !== null) return receipt
    await systemClock.sleep(5)
  }
}

/** Asked for without our RPC client, which takes no answers above 10 MB. */
async function stepsOf(hash: unknown): Promise<unknown> {
  const params = [hash, { enableMemory: true, enableReturnData: true, disableStorage: true }]
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'debug_traceTransaction', params })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(anvil.url, { method: 'POST', headers, body })
  return z.object({ result: z.unknown() }).parse(await answer.json()).result
}

/** The same transaction by both tracers. */
async function bothOf(hash: unknown): Promise<{ fromCalls: Frame[]; fromSteps: Frame[] }> {
  const tx = txSchema.parse(await rpc.request('eth_getTransactionByHash', [hash]))
  const { contractAddress } = receiptSchema.parse(await receiptOf(hash))
  const calls = await rpc.request('debug_traceTransaction', [
    hash,
    { tracer: 'callTracer', tracerConfig: { withLog: true } },
  ])
  const steps = await stepsOf(hash)
  const root = {
    from: tx.from as Address,
    to: tx.to as Address | null,
    input: tx.input as Hex,
    value: BigInt(tx.value),
    gas: Number(tx.gas),
    contractAddress: (contractAddress ?? null) as Address | null,
  }
  return {
    fromCalls: framesFromCallTracer(calls, 'calls'),
    fromSteps: framesFromStructLog(steps, root, 'steps'),
  }
}

/*
 * Not comparable: the root's gas (anvil says the limit less the intrinsic gas, geth the limit), the words of exceptional
 * halts (anvil's are revm's), what SELFDESTRUCT moved and cost (not in the steps), reasons (decoded from the output
 * elsewhere), logs of failed frames (geth clears them), and where a failed creation would have been.
 */
function comparable({ storage, revertReason, logs, valueUnknown, ...frame }: Frame): object {
  const isKnownError = frame.error === null || frame.error === 'execution reverted'
  const dies = frame.type === 'SELFDESTRUCT'
  return {
    ...frame,
    error: isKnownError ? frame.error : 'halted',
    gas: frame.parent < 0 || dies ? -1 : frame.gas,
    gasUsed: dies ? -1 : frame.gasUsed,
    value: dies ? 0n : frame.value,
    logs: frame.reverted ? [] : logs,
    context: frame.type.startsWith('CREATE') && frame.error !== null ? null : frame.context,
  }
}

async function send(change: Record<string, unknown>): Promise<unknown> {
  return rpc.request('eth_sendTransaction', [{ from: sender, gas: '0x1e8480', ...change }])
}

async function expectSame(hash: unknown): Promise<Frame[]> {
  const { fromCalls, fromSteps } = await bothOf(hash)
  expect(fromSteps.map(comparable)).toEqual(fromCalls.map(comparable))
  return fromSteps
}

const CALLER: Address = `0x${'c1'.repeat(20)}`
const CALLEE: Address = `0x${'c2'.repeat(20)}`
const NOBODY: Address = `0x${'e0'.repeat(20)}`

const push = (hex: string): string => `${(0x5f + hex.length / 2).toString(16)}${hex}`
const none = push('00')
/** CALL, CALLCODE, DELEGATECALL or STATICCALL without input; what it answers is dropped. */
const calling = (op: 'f1' | 'f2' | 'f4' | 'fa', to: string, { value = '00', gas = 'ffff' } = {}): string =>
  [
    none,
    none,
    none,
    none,
    op === 'f1' || op === 'f2' ? push(value) : '',
    push(to.replace('0x', '')),
    push(gas),
    op,
    '50',
  ].join('')
/** Memory 0 to 31: these bytes, then zeros. */
const store = (hex: string): string => `${push(hex.padEnd(64, '0'))}${none}52`
const creating = (code: string, salt?: string): string =>
  `${store(code)}${salt === undefined ? '' : push(salt)}${push((code.length / 2).toString(16).padStart(2, '0'))}${none}${none}${salt === undefined ? 'f0' : 'f5'}50`

async function run(caller: string, callee = '00', change: Record<string, unknown> = {}): Promise<Frame[]> {
  await rpc.request('anvil_setCode', [CALLER, `0x${caller}`])
  await rpc.request('anvil_setCode', [CALLEE, `0x${callee}`])
  await rpc.request('anvil_setBalance', [CALLER, '0xde0b6b3a7640000'])
  return expectSame(await send({ to: CALLER, data: '0xaabbccdd', ...change }))
}

const WRITES = '6007600155'
const READS = '60015450'
const REVERTS = `${store('12345678')}60046000fd`
const ANSWERS = `${store('abcd')}60026000f3`
const LOGS = `${store('ff')}60aa60bb60206000a2`

describe('struct logs and callTracer tell the same of one transaction', () => {
  test.each([
    [
      'calls of every kind, with value too',
      ['f1', 'f2', 'f4', 'fa'].map((op) => calling(op as 'f1', CALLEE, { value: '05' })).join(''),
      ANSWERS,
    ],
    ['a callee that reverts with data', calling('f1', CALLEE) + WRITES, WRITES + REVERTS],
    ['a callee that runs out of gas', calling('f1', CALLEE, { gas: '0010' }), WRITES],
    ['an invalid instruction', calling('f1', CALLEE), `${WRITES}fe`],
    ['a jump to nowhere', calling('f1', CALLEE), '600956'],
    ['a stack that is empty', calling('f1', CALLEE), '50'],
    ['a write where none is allowed', calling('fa', CALLEE), WRITES],
    ['an account without code', calling('f1', NOBODY), '00'],
    ['an account that is new, with value', calling('f1', `0x${'e1'.repeat(20)}`, { value: '07' }), '00'],
    [
      'all gas there is',
      calling('f1', CALLEE, { gas: 'ffffffff' }) + calling('f1', NOBODY, { gas: 'ffffffff' }),
      ANSWERS,
    ],
    [
      'precompiles',
      [1, 2, 3, 4].map((n) => calling('fa', `0x${String(n).padStart(40, '0')}`)).join(''),
      '00',
    ],
    ['a precompile with too little gas', calling('fa', `0x${'2'.padStart(40, '0')}`, { gas: '0005' }), '00'],
    ['more value than there is', calling('f1', CALLEE, { value: 'ffffffffffffffffffff' }), '00'],
    [
      'logs before, between and after calls',
      LOGS + calling('f1', CALLEE) + LOGS + calling('f4', CALLEE) + LOGS,
      LOGS,
    ],
    ['logs of what fails', LOGS + calling('f1', CALLEE), LOGS + REVERTS],
    ['a contract created', creating('6001600055600a6000f3') + LOGS, '00'],
    ['a contract created at a known place', creating('6001600055600a6000f3', '2a'), '00'],
    ['a creation that reverts', creating('600160005260206000fd') + creating('60206000fd', '01'), '00'],
    ['a creation that fails', creating('fe', '02'), '00'],
    ['a creation without code', creating('00'), '00'],
    ['a contract that ends itself', calling('f1', CALLEE), `${push(NOBODY.slice(2))}ff`],
    ['a root that reverts', WRITES + REVERTS, '00'],
    ['a root that is out of gas', `5b${WRITES}600056`, '00'],
  ])('%s', async (_name, caller, callee) => {
    await run(caller, callee)
  })

  test('a contract that calls itself, deeper and deeper', async () => {
    const frames = await run(`${calling('f1', CALLER, { gas: 'ffffffff' })}${WRITES}`, '00', {
      gas: '0x7a1200',
    })
    expect(Math.max(...frames.map(({ depth }) => depth))).toBeGreaterThan(50)
  })

  test('a transaction without any code, and one that creates', async () => {
    await expectSame(await send({ to: NOBODY, value: '0x1' }))
    await expectSame(await send({ data: '0x6001600055600a6000f3' }))
  })

  test('the drill’s contracts, from first to last', async () => {
    await deployDrill(anvil.url)
    const head = Number(await rpc.request('eth_blockNumber', []))
    let frames = 0
    for (let number = Math.max(1, head - 40); number <= head; number++) {
      const block = z
        .object({ transactions: z.array(z.string()) })
        .parse(await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]))
      for (const hash of block.transactions) frames += (await expectSame(hash)).length
    }
    expect(frames).toBeGreaterThan(40)
  })
})

describe('storage', () => {
  test('is of whoever’s storage it is: through DELEGATECALL the caller’s', async () => {
    const frames = await run(calling('f4', CALLEE) + calling('f1', CALLEE), WRITES + READS)
    const one = `0x${'1'.padStart(64, '0')}`
    const seven = `0x${'7'.padStart(64, '0')}`
    const both = (address: Address) => [
      { op: 'write', address, slot: one, value: seven },
      { op: 'read', address, slot: one, value: seven },
    ]
    expect(frames.map(({ storage }) => storage)).toEqual([[], both(CALLER), both(CALLEE)])
  })

  test('an access that ran out of gas did not happen', async () => {
    const frames = await run(calling('f1', CALLEE, { gas: '0010' }), WRITES)
    expect(frames[1]).toMatchObject({ error: 'out of gas', storage: [] })
  })
})
