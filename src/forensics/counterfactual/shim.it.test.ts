import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { assemble } from './assemble.ts'
import { shimCode } from './shim.ts'

const at: Address = `0x${'aa'.repeat(20)}`
const original: Address = `0x${'bb'.repeat(20)}`
const reader: Address = `0x${'cc'.repeat(20)}`
/** Gives back its calldata, with the sender in front. */
const ECHO = assemble([
  'CALLER',
  'PUSH0',
  'MSTORE',
  ...(['CALLDATASIZE', 'PUSH0', { push: 32 }, 'CALLDATACOPY'] as const),
  ...(['CALLDATASIZE', { push: 32 }, 'ADD', 'PUSH0', 'RETURN'] as const),
])

let anvil: Anvil
let node: Endpoint

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  node = createEndpoint(anvil.url)
  await node.request('anvil_setCode', [original, ECHO])
})
afterAll(async () => {
  await node.close()
  await anvil.stop()
})

async function ask(program: Parameters<typeof shimCode>[0], input: Hex): Promise<unknown> {
  await node.request('anvil_setCode', [at, shimCode(program, original)])
  return node.request('eth_call', [{ from: reader, to: at, data: input }, 'latest'])
}

const echoed = (input: Hex): Hex => `0x${reader.slice(2).padStart(64, '0')}${input.slice(2)}`
const SELECTOR: Hex = '0x01020304'

test('with nothing altered a contract answers as itself, to its own caller, whatever is asked', async () => {
  for (const input of ['0x', '0x01', SELECTOR, `${SELECTOR}${'5b'.repeat(200)}`] as Hex[]) {
    expect(await ask({ kind: 'nothing' }, input)).toBe(echoed(input))
    expect(await ask({ kind: 'lock', entries: [SELECTOR], reads: [], readers: [] }, input)).toBe(
      echoed(input),
    )
    expect(await ask({ kind: 'rules', rules: [] }, input)).toBe(echoed(input))
  }
})

test('an answer of any bytes comes back as it is, for these bytes and this sender only', async () => {
  const input: Hex = `${SELECTOR}${'00'.repeat(32)}`
  // 0x7f is PUSH32: bytes in the wrong place would swallow the code behind them
  const outputs: Hex[] = ['0x', '0x7f', `0x${'7f'.repeat(33)}`, `0x${'5b'.repeat(3_000)}`]
  for (const output of outputs) {
    const rule = { match: { kind: 'calldata', input }, reply: { kind: 'answer', output } } as const
    expect(await ask({ kind: 'rules', rules: [{ from: [reader], ...rule }] }, input)).toBe(output)
    expect(await ask({ kind: 'rules', rules: [{ from: [at, reader], ...rule }] }, input)).toBe(output)
    expect(await ask({ kind: 'rules', rules: [{ from: [at], ...rule }] }, input)).toBe(echoed(input))
    expect(await ask({ kind: 'rules', rules: [{ from: [], ...rule }] }, SELECTOR)).toBe(echoed(SELECTOR))
  }
})

test('what is refused reverts with a word, and shorter calls are not taken for it', async () => {
  const rules = [
    { from: [], match: { kind: 'selector', selector: '0x00000000' }, reply: { kind: 'refuse' } },
    { from: [], match: { kind: 'selector', selector: SELECTOR }, reply: { kind: 'answer', output: '0x01' } },
  ] as const
  await expect(ask({ kind: 'rules', rules }, '0x00000000')).rejects.toThrow(/refused/)
  expect(await ask({ kind: 'rules', rules }, '0x000000')).toBe(echoed('0x000000'))
  expect(await ask({ kind: 'rules', rules }, SELECTOR)).toBe('0x01')
})
