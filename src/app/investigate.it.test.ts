import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Anvil } from '../chain/anvil.ts'
import { startAnvil } from '../chain/anvil.ts'
import { readFrozen } from '../chain/bundle/frozen.ts'
import { readBundles } from '../chain/bundle/read.ts'
import { fetchPrestate } from '../chain/rpc/prestate.ts'
import type { Hash } from '../model/hex.ts'
import { launchAttack } from './drill/attacks.ts'
import { deployDrill } from './drill/deploy.ts'
import { freezeInvestigation, investigateTransactions } from './investigate.ts'
import { openSource } from './investigation-source.ts'

let anvil: Anvil
let dir: string
let hashes: Hash[]
const options = {
  scope: { kind: 'everything' } as const,
  full: true,
  storage: true,
  decoding: { guess: true },
}

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-investigate-'))
  const at = await deployDrill(anvil.url)
  const { transactions } = await launchAttack(at, anvil.url, { kind: 'option', rounds: 1 })
  hashes = transactions.map(({ hash }) => hash)
})
afterAll(() => anvil.stop())

test('a frozen investigation gives the same again without the node, and needs no hashes', async () => {
  const file = join(dir, 'attack.ndjson.gz')
  const live = await freezeInvestigation({ ...options, source: anvil.url, hashes }, file)
  expect(live.transactions.some(({ stateChanges = [] }) => stateChanges.length > 0)).toBe(true)
  const calls = live.transactions.flatMap((transaction) => transaction.calls ?? [])
  expect(calls.some(({ source }) => source === 'guessed')).toBe(true)
  const again = await investigateTransactions({ ...options, source: file, hashes: [] })
  expect(again).toEqual(live)
})

test('a frozen file is a bundle file too, holds the state before, and gives no other answers than the node’s', async () => {
  const file = join(dir, 'plain.ndjson')
  await freezeInvestigation({ ...options, storage: false, source: anvil.url, hashes }, file)
  const blocks = []
  for await (const bundle of readBundles(file)) blocks.push(bundle)
  expect(blocks.flatMap(({ transactions }) => transactions.map(({ hash }) => hash))).toEqual(
    expect.arrayContaining(hashes),
  )
  const { rpc, close } = await openSource(file)
  const node = await openSource(anvil.url)
  if (rpc === null || node.rpc === null) throw new Error('both answer')
  expect(await fetchPrestate(rpc, hashes)).toEqual(await fetchPrestate(node.rpc, hashes))
  await expect(rpc.request('eth_getBalance', [`0x${'11'.repeat(20)}`, 'latest'])).rejects.toMatchObject({
    code: 'chain.NotRecorded',
  })
  await close()
  await node.close()
})

test('what the file does not hold is said in the investigation, and a broken file is refused with its line', async () => {
  const file = join(dir, 'less.ndjson')
  await freezeInvestigation({ ...options, storage: false, source: anvil.url, hashes }, file)
  const text = await readFile(file, 'utf8')
  const stripped = text.replaceAll('"debug_traceTransaction"', '"debug_traceNothing"')
  await writeFile(file, stripped)
  const found = await investigateTransactions({ ...options, source: file, hashes: [] })
  expect(found.unexplained.join('\n')).toContain('The file does not hold this answer of the node.')
  await writeFile(file, text.replace('"version":1', '"version":9'))
  await expect(readFrozen(file)).rejects.toMatchObject({ code: 'chain.MalformedBundle', facts: { line: 1 } })
})

test('a file that says it is compressed is', async () => {
  const file = join(dir, 'packed.ndjson.gz')
  await freezeInvestigation({ ...options, source: anvil.url, hashes }, file)
  expect(gunzipSync(await readFile(file)).toString('utf8')).toMatch(/^\{"frozen":/)
})
