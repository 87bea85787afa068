import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeAbiParameters, type Hex, toFunctionSelector } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { address } from '../../test/harness/build.ts'
import { recordedRpc } from '../chain/rpc/recording.ts'
import { encodeCall } from '../contain/reading/call.ts'
import { pricesFrom, readPrices } from '../investigate/prices.ts'
import type { Asset } from '../model/block.ts'
import { readTokenLists, tokensFor } from './tokens.ts'

const WETH: Asset = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2'
const odd = address('odd')
const oracle = address('oracle')
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-tokens-'))
})
const file = async (name: string, value: unknown): Promise<string> => {
  await writeFile(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value))
  return join(dir, name)
}

/** A node that answers views of contracts, and reverts on all else. */
const node = (answers: readonly [Asset, string, string, Hex][]) =>
  recordedRpc(
    answers.map(([to, signature, block, answer]) => ({
      method: 'eth_call',
      params: [{ to, data: encodeCall(signature) }, block],
      answer,
    })),
  )
const words = (...values: bigint[]): Hex =>
  encodeAbiParameters(
    values.map(() => ({ type: 'int256' })),
    values,
  )
const text = (value: string): Hex => encodeAbiParameters([{ type: 'string' }], [value])

test('well-known tokens and coins are named on their own chain only, a list of yours before the shipped ones', async () => {
  const mine = await file('mine.json', {
    name: 'mine',
    tokens: [{ chainId: 1, address: WETH, symbol: 'W', decimals: 18 }],
  })
  const asked = new Set<Asset>([WETH, 'native'])
  const on = async (chainId: number) =>
    tokensFor(asked, { listed: await readTokenLists([mine], chainId), frames: [], rpc: null })
  const named = await on(1)
  expect(named.get(WETH)).toMatchObject({ symbol: 'W', source: 'mine', vouched: true })
  expect(named.get('native')).toMatchObject({ symbol: 'ETH', decimals: 18 })
  expect([...(await on(56)).keys()]).toEqual(['native'])
})

test('what no list has is asked of the contract, whose answer nobody vouches for', async () => {
  const rpc = node([
    [odd, 'decimals()', 'latest', words(6n)],
    [odd, 'symbol()', 'latest', text('USDC\u202e<b>')],
  ])
  const found = (await tokensFor(new Set<Asset>([odd]), { listed: new Map(), frames: [], rpc })).get(odd)
  expect(found).toMatchObject({ decimals: 6, vouched: false })
  expect(found?.symbol).not.toMatch(/[<\u202e]/)
  const silent = await tokensFor(new Set<Asset>([odd]), { listed: new Map(), frames: [], rpc: node([]) })
  expect(silent.get(odd)).toMatchObject({ symbol: null, decimals: null })
})

test('prices are read from a file and from oracles at the block before, exactly', async () => {
  const given = await readPrices([
    await file('prices.json', [
      { asset: WETH, usd: '3000.000000000000000001' },
      { asset: odd, oracle },
    ]),
  ])
  const tokens = new Map(await readTokenLists([], 1)).set(odd, {
    asset: odd,
    symbol: null,
    decimals: 6,
    source: 'test',
    vouched: false,
  })
  const rpc = node([
    [oracle, 'latestRoundData()', '0x9', words(1n, 150_000_000n, 0n, 0n, 1n)],
    [oracle, 'decimals()', '0x9', words(8n)],
  ])
  const prices = await pricesFrom(given, { tokens, rpc, block: 9 })
  expect(prices.get(WETH)?.usdE36).toBe(3000n * 10n ** 18n + 1n)
  expect(prices.get(odd)).toMatchObject({
    usdE36: (15n * 10n ** 35n) / 10n ** 6n,
    source: `oracle ${oracle} at block 9`,
  })
  expect(toFunctionSelector('latestRoundData()')).toBe('0xfeaf968c')
  expect((await pricesFrom(given, { tokens: new Map(), rpc, block: 9 })).size).toBe(0)
})

test('files that are none are refused with the reason', async () => {
  const noText = await file('float.json', [{ asset: WETH, usd: 3000.5 }])
  await expect(readPrices([noText])).rejects.toMatchObject({ code: 'app.InvalidPrices' })
  await expect(readPrices([join(dir, 'nowhere')])).rejects.toMatchObject({ code: 'app.InvalidPrices' })
  const noList = await file('list.json', { tokens: [{ chainId: 1, address: WETH }] })
  await expect(readTokenLists([noList], 1)).rejects.toMatchObject({ code: 'app.InvalidTokenList' })
  await expect(readTokenLists([await file('no.json', '{')], 1)).rejects.toMatchObject({
    code: 'app.InvalidTokenList',
  })
})
