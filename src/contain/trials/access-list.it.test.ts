import { afterAll, beforeAll, expect, test } from 'vitest'
import { required } from '../../chain/methods/answer.ts'
import { getTransaction } from '../../chain/methods/get-transaction.ts'
import { sendTransaction } from '../../chain/methods/send-transaction.ts'
import type { TransactionRequest } from '../../chain/methods/transaction-request.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf } from '../../drills/accounts.ts'
import { simulateV1Sequencer } from './sequence.ts'
import { callOf } from './trial.ts'

/* An attack may look at the gas that a slot costs: it is warm where the transaction listed it, and cold in a copy without the list. */

const probe = '0x00000000000000000000000000000000000000cc'
/** Gives the gas that reading slot 0 takes. */
const CODE = '0x5a5f54505a900360005260206000f3'
const COLD = 2_100n

let anvil: Anvil
let rpc: Rpc
beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  rpc = createRpc({ urls: [anvil.url] })
  await rpc.request('anvil_setCode', [probe, CODE])
})
afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

async function gasOfSlot(accessList: TransactionRequest['accessList'] & object): Promise<bigint> {
  const sent = { from: addressOf('trader'), to: probe, data: '0x', accessList } as const
  const hash = await sendTransaction(rpc, sent)
  const call = callOf(required(await getTransaction(rpc, hash), 'transaction'))
  const [result] = await simulateV1Sequencer(rpc).run(1, [call])
  return BigInt(result?.output ?? '0x0')
}

test('a transaction is tried again with its access list', async () => {
  expect(await gasOfSlot([])).toBeGreaterThanOrEqual(COLD)
  const list = [{ address: probe, storageKeys: [`0x${'0'.repeat(64)}`] }] as const
  expect(await gasOfSlot(list)).toBeLessThan(COLD)
})
