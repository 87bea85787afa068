import { expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import { singleRpc } from '../../chain/rpc/rpc.ts'
import { blastRadius } from './blast-radius.ts'

const [person, integration, delegated, unknown] = [anAddress(1), anAddress(2), anAddress(3), anAddress(4)]
const another = anAddress(5)
const CODE: Readonly<Record<string, string>> = {
  [person]: '0x',
  [integration]: '0x6001',
  [another]: '0x6002',
  [delegated]: `0xef0100${'11'.repeat(20)}`,
}
const rpc = singleRpc('node', async (_method, [account]) => {
  const code = CODE[String(account)]
  if (code === undefined) throw new Error('the node does not answer')
  return code
})
const [withdraw, deposit] = ['0x11111111', '0x22222222'] as const

test('callers of blocked functions are counted once, and contracts among them as integrations', async () => {
  const operations = [person, integration, integration, another, delegated, unknown].map((from) => ({
    selector: withdraw,
    from,
  }))
  const opEffects = { [withdraw]: 'blocked', [deposit]: 'open' } as const
  const others = [{ selector: deposit, from: anAddress(7) }]
  expect(await blastRadius({ rpc, block: 5, operations: [...operations, ...others], opEffects })).toEqual({
    functions: 7,
    blocked: 6,
    callers: 5,
    contracts: 2,
  })
})

test('a lever that blocks nothing that was used affects nobody', async () => {
  const operations = [{ selector: withdraw, from: integration }]
  expect(await blastRadius({ rpc, block: 5, operations, opEffects: { [withdraw]: 'unknown' } })).toEqual({
    functions: 1,
    blocked: 0,
    callers: 0,
    contracts: 0,
  })
})
