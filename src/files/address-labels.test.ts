import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as chains from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { labelsOn, loadAddressLabels } from './address-labels.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-labels-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const at = (pair: string): string => `0x${pair.repeat(20)}`

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text)
  return path
}

test('JSON and CSV say the same; an entry without a source has its file’s name', async () => {
  const json = await file('one.json', JSON.stringify([{ address: at('AA'), name: 'One', kind: 'mixer' }]))
  const csv = await file(
    'two.csv',
    `address,name,kind,source,chainId\n${at('BB')},"Two, ""Inc""",exchange,a list,10\r\n\n`,
  )
  expect(await loadAddressLabels([json, csv])).toEqual([
    { address: at('aa'), name: 'One', kind: 'mixer', source: 'one.json', chainId: null },
    { address: at('bb'), name: 'Two, "Inc"', kind: 'exchange', source: 'a list', chainId: 10 },
  ])
})

test('empty fields do not shift the columns: what has no chain holds on every one', async () => {
  const lines = [
    'chainId,address,name,kind,source',
    `1,${at('aa')},One,mixer,`,
    `,${at('bb')},"Two",mixer,a list`,
  ]
  const csv = await file('blank.csv', lines.join('\n'))
  expect(await loadAddressLabels([csv])).toMatchObject([
    { address: at('aa'), chainId: 1, source: 'blank.csv' },
    { address: at('bb'), chainId: null, source: 'a list' },
  ])
})

test('labels of another chain do not count, and the first of an address does', async () => {
  const entry = { address: at('aa'), kind: 'exchange', source: 's' }
  const path = await file(
    'three.json',
    JSON.stringify([
      { ...entry, name: 'elsewhere', chainId: 5 },
      { ...entry, name: 'first' },
      { ...entry, name: 'second' },
    ]),
  )
  expect([...labelsOn(await loadAddressLabels([path]), 1).values()].map(({ name }) => name)).toEqual([
    'first',
  ])
})

test.each([
  ['no JSON', 'bad.json', '{', /JSON/],
  ['a kind that is none', 'kind.csv', `address,name,kind\n${at('aa')},A,wallet`, /entry 1/],
  ['no address', 'address.csv', 'address,name,kind\n0x12,A,mixer', /entry 1/],
])('%s is refused, with the file and the place', async (_, name, text, reason) => {
  const path = await file(name, text)
  await expect(loadAddressLabels([path])).rejects.toMatchObject({
    code: 'app.InvalidAddressLabels',
    facts: { file: path, reason: expect.stringMatching(reason) },
  })
})

test('every shipped label is where its source says', async () => {
  const shipped = await loadAddressLabels(undefined)
  expect(shipped.length).toBeGreaterThan(20)
  const known: Record<string, unknown> = { ...chains }
  for (const { address, source } of shipped) {
    const [, chain = '', contract = ''] = /viem\/chains (\w+)\.contracts\.(\w+)\[1\]$/.exec(source) ?? []
    expect(known[chain]).toMatchObject({
      contracts: { [contract]: { 1: { address: expect.stringMatching(new RegExp(`^${address}$`, 'i')) } } },
    })
  }
})
