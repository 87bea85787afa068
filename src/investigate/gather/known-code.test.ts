import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { beyondOptions } from './beyond-options.ts'
import { readKnownCode } from './known-code.ts'

const dir = await mkdtemp(join(tmpdir(), 'cordon-known-'))
const code = `0x${Array.from({ length: 400 }, (_, i) => ['01', '03', '10', '54', '55', '50', '80'][(i * i + (i >> 3)) % 7]).join('')}`
const file = async (name: string, content: unknown): Promise<string> => {
  await writeFile(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))
  return join(dir, name)
}

test('known code is read from files and folders, as preparation takes it; what is too short to compare is left out', async () => {
  const one = await file('one.json', [
    { name: 'Drainer X', code },
    { name: 'a clone', code: '0x363d' },
  ])
  expect((await readKnownCode([one])).map(({ name }) => name)).toEqual(['Drainer X'])
  await file('notes.txt', 'no list')
  expect((await readKnownCode([dir])).map(({ name }) => name)).toEqual(['Drainer X'])
  const configured = { protect: [], labels: undefined, detectors: { preparation: { attackers: one } } }
  expect((await beyondOptions(configured, {})).knownCode?.map(({ name }) => name)).toEqual(['Drainer X'])
})

test('addresses are a list or a file; the watched ones are compared too', async () => {
  const [a, b, c] = ['11', '22', '33'].map((byte) => `0x${byte.repeat(20)}`) as [
    `0x${string}`,
    `0x${string}`,
    string,
  ]
  const config = { protect: [{ address: a }], labels: undefined, detectors: {} }
  expect((await beyondOptions(config, { addresses: `${b}, ${c}` })).addresses).toEqual([b, c, a])
  const list = await file('list.txt', `# forks\n${b} # one\n\n${a}\n`)
  expect((await beyondOptions(config, { addresses: list })).addresses).toEqual([b, a])
  expect((await beyondOptions(undefined, {})).addresses).toBeUndefined()
})

test('lists that are none say which and why', async () => {
  const wrong = await file('wrong.json', [{ name: 'X' }])
  await expect(readKnownCode([wrong])).rejects.toMatchObject({
    code: 'app.InvalidKnownCode',
    facts: { where: wrong },
  })
  await expect(readKnownCode([join(dir, 'nowhere')])).rejects.toMatchObject({ code: 'app.InvalidKnownCode' })
  const text = await file('text.json', 'no JSON')
  await expect(readKnownCode([text])).rejects.toMatchObject({ code: 'app.InvalidKnownCode' })
  await expect(beyondOptions(undefined, { addresses: join(dir, 'nowhere') })).rejects.toMatchObject({
    code: 'app.InvalidList',
  })
  await expect(beyondOptions(undefined, { addresses: await file('odd.txt', '0x12') })).rejects.toMatchObject({
    code: 'app.InvalidAddress',
  })
})
