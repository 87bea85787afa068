import { afterAll, beforeAll, expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import { getBalance } from '../../chain/methods/get-balance.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { setCode } from '../../chain/sandbox/control.ts'
import { NATIVE } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { forkSequencer, type SimulatedCall } from './sequence.ts'

const sender = anAddress(71)
const receiver = anAddress(72)
const payer = anAddress(73)
const refuser = anAddress(74)
const proxy = anAddress(75)
const clock = anAddress(76)

let anvil: Anvil
let rpc: Rpc

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  rpc = createRpc({ urls: [anvil.url] })
})

afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

const call = (to: Address, change: Partial<SimulatedCall> = {}): SimulatedCall => ({
  from: sender,
  to,
  data: '0x',
  value: 0n,
  ...change,
})

test('a fork runs calls in sequence, tells what coin moved, and leaves the chain as it was', async () => {
  // sends on to the receiver everything that it gets: CALL(gas, receiver, callvalue, 0, 0, 0, 0)
  await setCode(rpc, payer, `0x5f5f5f5f3473${receiver.slice(2)}5af100`)
  await setCode(rpc, refuser, '0x5f5ffd')
  // DELEGATECALL(gas, payer, 0, 0, 0, 0)
  await setCode(rpc, proxy, `0x5f5f5f5f73${payer.slice(2)}5af400`)
  const sequencer = forkSequencer(anvil.url)
  expect(sequencer.method).toBe('fork')
  const results = await sequencer.run(0, [
    call(payer, { value: 5n }),
    call(refuser, { value: 5n, gas: 100_000 }),
    call(proxy, { value: 3n }),
    call(receiver),
  ])
  expect(results.map(({ succeeded }) => succeeded)).toEqual([true, false, true, true])
  expect(results.map(({ movements }) => movements)).toEqual([
    [
      { asset: NATIVE, from: sender, to: payer, amount: 5n },
      { asset: NATIVE, from: payer, to: receiver, amount: 5n },
    ],
    [],
    [
      { asset: NATIVE, from: sender, to: proxy, amount: 3n },
      { asset: NATIVE, from: proxy, to: receiver, amount: 3n },
    ],
    [],
  ])
  expect(results[3]).toMatchObject({ gasUsed: 21_000, output: '0x' })
  expect(await getBalance(rpc, receiver, 'latest')).toBe(0n)
})

test('a call that waits sees a later time', async () => {
  // succeeds only from 2100 on: TIMESTAMP < 4102444800 → revert
  await setCode(rpc, clock, '0x63f48657004210600b57005b5f5ffd')
  const [now, later] = await forkSequencer(anvil.url).run(0, [
    call(clock, { gas: 100_000 }),
    call(clock, { gas: 100_000, laterBy: 100 * 365 * 86_400 }),
  ])
  expect([now?.succeeded, later?.succeeded]).toEqual([false, true])
})
