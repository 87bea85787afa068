import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { address, hashOf } from '../../../test/harness/build.ts'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import {
  createFakeNode,
  type FakeServer,
  type Instead,
  serveFakeNode,
} from '../../../test/harness/fake-rpc.ts'
import { hexSchema } from '../../model/hex.ts'
import { createEndpoint, type Endpoint } from '../rpc/endpoint.ts'
import { ifMalformed } from './answer.ts'
import { callContract } from './call.ts'
import { getBlock, getBlockSenders, getFullBlock } from './get-block.ts'
import { getBlockNumber } from './get-block-number.ts'
import { getLogs } from './get-logs.ts'
import { getTransactionReceipt } from './get-transaction-receipt.ts'
import { sendRawTransaction } from './send-raw-transaction.ts'
import { simulateV1 } from './simulate-v1.ts'

const servers: FakeServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A node of a chain of three blocks; `params` holds those of the last call. */
async function nodeWith(instead?: Instead): Promise<{ node: Endpoint; params: () => readonly unknown[] }> {
  const fake = createFakeNode(createFakeChain(2))
  let last: readonly unknown[] = []
  fake.instead = (_method, params) => {
    last = params
    return instead
  }
  const server = await serveFakeNode(fake)
  servers.push(server)
  return { node: createEndpoint(server.url), params: () => last }
}

const answers = (value: unknown): Promise<{ node: Endpoint; params: () => readonly unknown[] }> =>
  nodeWith({ kind: 'result', value })

const MALFORMED = { code: 'chain.MalformedField' }

test('a block is read by number and by tag, with numbers for numbers and null for what the node leaves out', async () => {
  const { node } = await nodeWith()
  expect(await getBlockNumber(node)).toBe(2)
  const latest = await getBlock(node, 'latest')
  expect(latest).toMatchObject({ number: 2, mixHash: null })
  expect(latest?.transactions).toHaveLength(1)
  expect(await getBlock(node, 2)).toEqual(latest)
})

test('a block that the node does not have is null, and an answer that is no block is refused', async () => {
  const { node } = await nodeWith()
  expect(await getBlock(node, 99)).toBeNull()
  for (const odd of ['0x', 7, []]) {
    const broken = (await answers(odd)).node
    await expect(getBlock(broken, 1)).rejects.toMatchObject(MALFORMED)
    expect(await getBlock(broken, 1).catch(ifMalformed(null))).toBeNull()
  }
})

test('a refusal of the node is no malformed answer', async () => {
  const { node } = await nodeWith({ kind: 'error', code: -32000, message: 'header not found' })
  await expect(getBlock(node, 1).catch(ifMalformed(null))).rejects.toMatchObject({ code: 'chain.RpcRefused' })
})

test('senders are read from a block whose transactions are otherwise unreadable', async () => {
  const sent = { hash: hashOf('sent'), from: address('eve'), nonce: '0x7' }
  const { node } = await answers({
    number: '0x1',
    transactions: [{ ...sent, value: 'much' }, { hash: hashOf('system') }],
  })
  expect(await getBlockSenders(node, 1)).toEqual([
    { ...sent, nonce: 7 },
    { hash: hashOf('system'), from: null, nonce: null },
  ])
  await expect(getFullBlock(node, 1)).rejects.toMatchObject(MALFORMED)
})

test('a call writes its amounts in hex, adds nothing, and gives the data in lower case', async () => {
  const { node, params } = await answers('0xABCD')
  const request = { to: address('vault'), data: '0x01', value: 16n, gas: 0n } as const
  expect(await callContract(node, request, { block: 255 })).toBe('0xabcd')
  expect(params()).toEqual([{ ...request, value: '0x10', gas: '0x0' }, '0xff'])
  await expect(callContract((await answers(null)).node, request, { block: 1 })).rejects.toMatchObject(
    MALFORMED,
  )
})

test('a log of another shape than was asked for is named by its place', async () => {
  const { node, params } = await answers([{ data: '0x' }, { data: 'none' }])
  const filter = { topics: [hashOf('topic'), null], fromBlock: 0, toBlock: 'latest' } as const
  await expect(getLogs(node, z.object({ data: hexSchema }), filter)).rejects.toMatchObject({
    ...MALFORMED,
    facts: { field: 'eth_getLogs.1.data', got: 'none' },
  })
  expect(params()).toEqual([{ ...filter, fromBlock: '0x0' }])
})

test('a receipt succeeds by its status alone', async () => {
  const receiptWith = async (status?: string): Promise<boolean | undefined> => {
    const { node } = await answers({ blockNumber: '0x1', ...(status === undefined ? {} : { status }) })
    return (await getTransactionReceipt(node, hashOf('sent')))?.succeeded
  }
  expect(await receiptWith('0x1')).toBe(true)
  expect(await receiptWith('0x0')).toBe(false)
  expect(await receiptWith()).toBe(false)
})

test('a transaction that the node took stays sent, whatever the answer says', async () => {
  expect(await sendRawTransaction((await answers(hashOf('sent'))).node, '0x02')).toBe(hashOf('sent'))
  expect(await sendRawTransaction((await answers('ok')).node, '0x02')).toBeNull()
})

test('simulated calls are given block by block; a node that tells less leaves null', async () => {
  const { node, params } = await answers([
    { calls: [{ status: '0x1', gasUsed: '0x5208', returnData: '0x', logs: [] }] },
    { calls: [{ status: '0x0' }] },
  ])
  const calls = [{ from: address('eve'), to: address('vault'), value: 1n }]
  const blocks = [{ overrides: { time: 16 }, balances: { [address('eve')]: 10n }, calls }, { calls }]
  expect(await simulateV1(node, blocks, { block: 2, validation: false })).toEqual([
    [{ succeeded: true, gasUsed: 21_000n, maxUsedGas: null, returnData: '0x', logs: [] }],
    [{ succeeded: false, gasUsed: null, maxUsedGas: null, returnData: null }],
  ])
  const wired = [{ from: address('eve'), to: address('vault'), value: '0x1' }]
  expect(params()).toEqual([
    {
      blockStateCalls: [
        {
          blockOverrides: { time: '0x10' },
          stateOverrides: { [address('eve')]: { balance: '0xa' } },
          calls: wired,
        },
        { calls: wired },
      ],
      validation: false,
    },
    '0x2',
  ])
})
