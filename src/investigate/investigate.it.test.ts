import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aFinding } from '../../test/harness/builders.ts'
import { readBundles } from '../chain/bundle/read.ts'
import { readFrozen } from '../chain/frozen.ts'
import { fetchPrestate } from '../chain/rpc/prestate.ts'
import type { Anvil } from '../chain/sandbox/anvil.ts'
import { startAnvil } from '../chain/sandbox/anvil.ts'
import { launchAttack } from '../drills/attacks.ts'
import { deployDrill } from '../drills/deploy.ts'
import type { Hash } from '../model/hex.ts'
import { investigateWhatIf } from './counterfactual/investigate.ts'
import { openSource } from './gather/source.ts'
import { freezeInvestigation, investigateTransactions } from './investigate.ts'

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
  await freezeInvestigation({ ...options, source: anvil.url, hashes }, file)
  const live = await investigateTransactions({ ...options, source: anvil.url, hashes })
  expect(live.transactions.some(({ stateChanges = [] }) => stateChanges.length > 0)).toBe(true)
  const calls = live.transactions.flatMap((transaction) => transaction.calls ?? [])
  expect(calls.some(({ source }) => source === 'guessed')).toBe(true)
  const again = await investigateTransactions({ ...options, source: file, hashes: [] })
  expect(again).toEqual(live)
})

test('what would have been left with one thing altered is found from the frozen file as from the node', async () => {
  const file = join(dir, 'what-if.ndjson')
  const wanted = { scope: options.scope, full: false, legitimate: [] }
  await freezeInvestigation({ ...wanted, source: anvil.url, hashes }, file)
  const { counterfactuals = [] } = await investigateWhatIf({ ...wanted, source: file, hashes: [] })
  expect(counterfactuals.find(({ outcome }) => outcome === 'profit-gone')?.alteration).toBe('repeat-refused')
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
  const whole = await readFile(file, 'utf8')
  const stripped = whole.replaceAll('"debug_traceTransaction"', '"debug_traceNothing"')
  await writeFile(file, stripped)
  const found = await investigateTransactions({ ...options, source: file, hashes: [] })
  expect(found.unexplained.join('\n')).toContain('The file does not contain this answer of the node.')
  await writeFile(file, whole.replace('"version":1', '"version":9'))
  await expect(readFrozen(file)).rejects.toMatchObject({ code: 'chain.MalformedBundle', facts: { line: 1 } })
})

test('a file that says it is compressed is', async () => {
  const file = join(dir, 'packed.ndjson.gz')
  await freezeInvestigation({ ...options, source: anvil.url, hashes }, file)
  expect(gunzipSync(await readFile(file)).toString('utf8')).toMatch(/^\{"frozen":/)
})

test('all that a detector said when it happened counts, mined before pending; what it says of the same now stands instead', async () => {
  const [transactionHash = null] = hashes
  const said = (detector: string, message: string, pending = false) =>
    aFinding({ transactionHash, detector, categories: [`${detector}-kind`], message, pending })
  const recorded = [
    said('one', 'first'),
    said('one', 'second'),
    said('one', 'early', true),
    said('two', 'seen', true),
  ]
  const wanted = { scope: options.scope, full: false, source: anvil.url, hashes, recorded }
  const { transactions } = await investigateTransactions(wanted)
  const told = transactions[0]?.findings.map(({ message }) => message)
  expect(told).toEqual(expect.arrayContaining(['first', 'second', 'seen']))
  expect(told).not.toContain('early')
})

test('with its source given the root cause names file and line of the function', async () => {
  const path = 'protocol/OptionsVault.sol'
  const content = await readFile(join('contracts', path), 'utf8')
  const { abi } = JSON.parse(await readFile('contracts/out/OptionsVault.json', 'utf8')) as { abi: unknown }
  const input = { sources: { [path]: { content } } }
  const output = { contracts: { [path]: { OptionsVault: { abi } } } }
  const build = join(dir, 'build.json')
  await writeFile(build, JSON.stringify({ input, output }))
  const wanted = { scope: options.scope, full: false, source: anvil.url, hashes, decoding: { abis: [build] } }
  const { rootCause } = await investigateTransactions(wanted)
  expect(rootCause.file).toBe(path)
  const line = content.split('\n')[(rootCause.line ?? 0) - 1]
  expect(line).toContain(`function ${rootCause.function?.split('(')[0]}(`)
})

test('a node that has struct logs only gives the same cause, losses and steps', async () => {
  const steps = await startAnvil({ mining: { kind: 'auto' }, stepsTracing: true })
  const bare = await withoutTracers(steps.url)
  try {
    const at = await deployDrill(steps.url)
    const { transactions } = await launchAttack(at, steps.url, { kind: 'reentrancy', rounds: 1 })
    const wanted = { scope: options.scope, full: true, hashes: transactions.map(({ hash }) => hash) }
    const told = await investigateTransactions({ ...wanted, source: steps.url })
    const bared = await investigateTransactions({ ...wanted, source: bare.url })
    expect(bared.transactions.map(({ frames }) => frames)).toEqual(
      told.transactions.map(({ frames }) => frames),
    )
    expect(bared.rootCause.category).toBe('reentrancy')
    expect(bared.rootCause.contract).toBe(told.rootCause.contract)
    expect(bared.victims).toEqual(told.victims)
    expect(bared.steps).toEqual(told.steps)
  } finally {
    await bare.close()
    await steps.stop()
  }
})

/** The same node without named tracers and `trace_` methods, as development nodes are. */
async function withoutTracers(url: string): Promise<{ url: string; close(): Promise<void> }> {
  const refuse = { code: -32601, message: 'no such method' }
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] }
    const isNamed =
      /^trace_|^debug_traceBlock|^debug_traceCall/.test(method) || JSON.stringify(params).includes('tracer')
    const answer = isNamed
      ? JSON.stringify({ jsonrpc: '2.0', id, error: refuse })
      : await (
          await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        ).text()
    response.setHeader('content-type', 'application/json').end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
