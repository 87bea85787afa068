import { expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import { type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import { NATIVE } from '../../model/block.ts'
import type { LossCompared } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { believed } from './believed.ts'

const vault = anAddress(1)
const user = anAddress(2)
const inCode: Address = `0x${'c0'.repeat(20)}`
const inStorage: Address = `0x${'5e'.repeat(20)}`
const other = anAddress(77)
const forged: Address = `0x${'fa'.repeat(20)}`

/** A node whose vault has `inCode` in its code and `inStorage` in its fourth slot; it counts questions. */
function node(): { rpc: Rpc; asked: string[] } {
  const asked: string[] = []
  const rpc = singleRpc('node', async (method, params) => {
    asked.push(method)
    if (method === 'eth_getCode') return params[0] === vault ? `0x73${inCode.slice(2)}00` : '0x'
    if (method === 'eth_getStorageAt') {
      const isFourth = params[0] === vault && Number(params[1]) === 3
      return `0x${(isFourth ? inStorage.slice(2) : '').padStart(64, '0')}`
    }
    throw Object.assign(new Error('execution reverted'), { code: 3 })
  })
  return { rpc, asked }
}

const loss = (asset: LossCompared['asset'], left: bigint, account = vault): LossCompared => ({
  account,
  asset,
  without: 100n,
  with: left,
})
const trusted = (compared: LossCompared[], { rpc } = node()) =>
  believed(rpc, { compared, protects: vault, block: 7 })

test('a loss in a token that the contract does not know is left out where another loss stops', async () => {
  const kept = [
    loss(inCode, 0n),
    loss(inStorage, 0n),
    loss(NATIVE, 50n),
    loss(vault, 10n),
    loss(other, 9n, user),
  ]
  expect(await trusted([...kept, loss(forged, 100n)])).toEqual(kept)
})

test('where no token of a loss is known, all are trusted', async () => {
  const compared = [loss(forged, 0n), loss(other, 100n)]
  expect(await trusted(compared)).toEqual(compared)
})

test('where nothing is saved, or everything is, the chain is not asked and nothing is left out', async () => {
  const chain = node()
  for (const compared of [
    [loss(inCode, 100n), loss(forged, 100n)],
    [loss(inCode, 0n), loss(forged, 0n)],
    [loss(inCode, 0n, user), loss(forged, 100n, user)],
  ])
    expect(await trusted(compared, chain)).toEqual(compared)
  expect(chain.asked).toEqual([])
})
