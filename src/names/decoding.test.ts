import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hex } from '../model/hex.ts'
import { readAbis } from './abi-sources.ts'
import { guessAbis } from './guessed-abis.ts'
import { readSignatureTables } from './signature-tables.ts'

const A: Hex = `0x${'Aa'.repeat(20)}`
const ABI = [{ type: 'function', name: 'open', inputs: [{ name: 'id', type: 'uint256' }] }]
const SELECTOR: Hex = '0x690e7c09'
const TOPIC: Hex = `0x${'12'.repeat(32)}`

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-abis-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function file(name: string, content: unknown): Promise<string> {
  const path = join(dir, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('ABIs', () => {
  test.each([
    ['a JSON ABI', ABI],
    ['a Hardhat or Foundry artifact', { contractName: 'V', abi: ABI, bytecode: '0x' }],
    ['metadata', { language: 'Solidity', output: { abi: ABI } }],
    ['compiler output', { contracts: { 'v.sol': { V: { abi: ABI } } } }],
    ['a Hardhat build-info', { output: { contracts: { 'v.sol': { V: { abi: ABI } } } } }],
  ])('%s is read', async (name, content) => {
    const [source] = await readAbis([await file(`${name}.json`, content)])
    expect(source?.abi.functions.get(SELECTOR)?.[0]?.signature).toBe('open(uint256)')
    expect(source).toMatchObject({ address: null, chainId: null })
  })

  test('a metadata folder says which contract of which chain it is; what else lies there is passed over', async () => {
    await file(`repo/full_match/10/${A}/metadata.json`, { output: { abi: ABI } })
    await file('repo/notes.json', 'not json')
    await file('repo/package.json', { name: 'x' })
    const sources = await readAbis([join(dir, 'repo')])
    expect(sources.map(({ address, chainId }) => ({ address, chainId }))).toEqual([
      { address: A.toLowerCase(), chainId: 10 },
    ])
  })

  test('sources are read from a build, and from beside a metadata file, the compiled file first', async () => {
    const input = { sources: { 'a/Base.sol': { content: 'base' }, 'a/Vault.sol': { content: 'vault' } } }
    const output = { contracts: { 'a/Vault.sol': { Vault: { abi: ABI } } } }
    const [built] = await readAbis([await file('build.json', { input, output })])
    expect(built?.sources.map(({ content }) => content)).toEqual(['vault', 'base'])
    await file(`kept/1/${A}/sources/a/Base.sol`, 'base')
    await file(`kept/1/${A}/sources/a/Vault.sol`, 'vault')
    const settings = { compilationTarget: { 'a/Vault.sol': 'Vault' } }
    await file(`kept/1/${A}/metadata.json`, { output: { abi: ABI }, settings })
    const [kept] = await readAbis([join(dir, 'kept')])
    expect(kept?.sources.map(({ content }) => content)).toEqual(['vault', 'base'])
  })

  test('the caller may say whose ABI it is', async () => {
    const [source] = await readAbis([`${A.toUpperCase().replace('0X', '0x')}=${await file('own.json', ABI)}`])
    expect(source?.address).toBe(A.toLowerCase())
  })

  test('what cannot be read is an error with the path', async () => {
    const path = await file('broken.json', '{"abi": 1}')
    await expect(readAbis([path])).rejects.toMatchObject({ code: 'app.InvalidAbi', facts: { path } })
    await expect(readAbis([join(dir, 'nowhere')])).rejects.toMatchObject({ code: 'app.InvalidAbi' })
  })
})

describe('4-byte tables', () => {
  const wanted = new Set<Hex>([SELECTOR, TOPIC])
  const other = 'a9059cbb'

  test.each([
    ['lines.txt', `# a table\n${SELECTOR};open(uint256)\n0x${other};transfer(address,uint256)\n`],
    ['bare.csv', `selector,signature\n"690e7c09","open(uint256)"\n`],
    [
      'openchain.json',
      { ok: true, result: { function: { [SELECTOR]: [{ name: 'open(uint256)' }] }, event: {} } },
    ],
    ['4byte.json', { results: [{ id: 1, text_signature: 'open(uint256)', hex_signature: SELECTOR }] }],
    ['map.json', { [SELECTOR]: 'open(uint256)', [other]: ['transfer(address,uint256)'] }],
  ])('%s is read, and only what is wanted is kept', async (name, content) => {
    const table = await readSignatureTables([await file(name, content)], wanted)
    expect([...table]).toEqual([[SELECTOR, ['open(uint256)']]])
  })

  test('signatures that share a selector are all kept, once', async () => {
    const path = await file('shared.txt', `${SELECTOR};a();b()\n${SELECTOR};a()\n`)
    expect((await readSignatureTables([path], wanted)).get(SELECTOR)).toEqual(['a()', 'b()'])
  })

  test('what is no table is an error with the path', async () => {
    const path = await file('prose.txt', 'hello\n')
    await expect(readSignatureTables([path], wanted)).rejects.toMatchObject({
      code: 'app.InvalidSignatures',
      facts: { path },
    })
    await expect(readSignatureTables([join(dir, 'none.json')], wanted)).rejects.toMatchObject({
      code: 'app.InvalidSignatures',
    })
  })
})

const isInstalled = await import('evmole' as string).then(
  () => true,
  () => false,
)

/** It is an optional package. */
test.skipIf(!isInstalled)(
  'functions are guessed from bytecode, and code that is no code gives none',
  async () => {
    const { deployedBytecode } = JSON.parse(await readFile('contracts/out/TestToken.json', 'utf8')) as {
      deployedBytecode: Hex
    }
    const guessed = await guessAbis(
      new Map<Hex, Hex>([
        [A, deployedBytecode],
        [TOPIC, '0xfefefefe'],
      ]),
    )
    expect(guessed.get(A)?.get('0xa9059cbb')).toBe('(address,uint256)')
    expect(guessed.get(A)?.get('0x70a08231')).toBe('(address)')
    expect(guessed.get(TOPIC)?.size).toBe(0)
  },
)
