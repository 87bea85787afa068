import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const copied = [
  'src',
  'playbooks',
  'rules',
  'labels',
  'tokens',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

type Block = { attributes: Readonly<Record<string, string>>; text: string }

/** The fenced blocks of the guide, with what stands behind their language. */
async function blocksOfGuide(): Promise<Block[]> {
  const guide = await readFile(join(root, 'docs/guides/extending.md'), 'utf8')
  return [...guide.matchAll(/^```(?:ts|yaml) ([^\n]+)\n([\s\S]*?)^```$/gm)].map(
    ([, head = '', text = '']) => ({
      attributes: Object.fromEntries(
        [...head.matchAll(/([a-z-]+)=(?:"([^"]*)"|(\S+))/g)].map(([, key = '', quoted, bare]) => [
          key,
          quoted ?? bare ?? '',
        ]),
      ),
      text,
    }),
  )
}

let copy: string
const lines: number[] = []

/** Everything that the guide adds, in a copy of the sources, compiled. */
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'cordon-extending-'))
  for (const name of copied) await cp(join(root, name), join(copy, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const { attributes, text } of await blocksOfGuide()) {
    const { file, 'line-of': changed, after, replace } = attributes
    if (file !== undefined) {
      lines.push(text.trimEnd().split('\n').length)
      await mkdir(dirname(join(copy, file)), { recursive: true })
      await writeFile(join(copy, file), text)
    } else if (changed !== undefined) {
      const before = await readFile(join(copy, changed), 'utf8')
      const anchor = after ?? replace ?? ''
      expect(before.split(anchor), `${changed} has this once: ${anchor}`).toHaveLength(2)
      const put = after === undefined ? text.trimEnd() : `${anchor}\n${text.trimEnd()}`
      await writeFile(
        join(copy, changed),
        before.replace(anchor, () => put),
      )
    }
  }
  const project = { extends: './tsconfig.build.json', include: ['src'], exclude: ['**/*.test.ts'] }
  await writeFile(join(copy, 'tsconfig.copy.json'), JSON.stringify(project))
  const compiler = join(root, 'node_modules/typescript-native/bin/tsc')
  await run(process.execPath, [compiler, '-p', 'tsconfig.copy.json'], { cwd: copy }).catch(
    (thrown: { stdout?: string }) => {
      throw new Error(thrown.stdout?.slice(0, 2_000))
    },
  )
})
afterAll(() => rm(copy, { recursive: true, force: true }))

/** The output of a program in the copy, as JSON. */
async function printed(program: string): Promise<unknown> {
  const file = join(copy, 'dist/src/ask.mjs')
  await writeFile(file, program)
  return JSON.parse((await run(process.execPath, [file], { cwd: copy })).stdout)
}

test('each example fits on a screen: 60 lines at most', () => {
  expect(lines).toHaveLength(5)
  expect(Math.max(...lines)).toBeLessThanOrEqual(60)
})

test('the channel, the signer, the lever and the action of the guide are known and work', async () => {
  const answer = await printed(`
    import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
    import { openChannels } from './notify/registry.js'
    import { openSigner } from './contain/signers/configured.js'
    import { leverTemplates } from './contain/levers/registry.js'
    import { actionKinds } from './respond/actions/registry.js'
    const at = (name) => '${copy}/' + name
    writeFileSync(at('key'), '0x' + '11'.repeat(32))
    const config = { channels: { log: { kind: 'file', path: at('pages.ndjson') } } }
    const channels = openChannels({ config, env: {}, write: () => {}, clock: { now: () => 0 } })
    const page = { id: 'p', incidentId: null, kind: 'page', roles: ['guardian'], recipients: [], severity: 'high', title: 'A page', body: '', at: 0, facts: {} }
    await channels.get('log').deliver(page)
    const { signer, from } = await openSigner({ kind: 'secret-file', path: at('key') }, {})
    process.stdout.write(JSON.stringify({
      title: JSON.parse(readFileSync(at('pages.ndjson'), 'utf8')).title,
      address: signer.address, from: from.endsWith('key'),
      lever: leverTemplates.some(({ id }) => id === 'turnstile/close'),
      action: actionKinds.some(({ name }) => name === 'remark'),
    }))`)
  expect(answer).toEqual({
    title: 'A page',
    address: '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    from: true,
    lever: true,
    action: true,
  })
})

test('the detector of the guide finds what it is for, under the category of the guide, which a playbook answers', async () => {
  const answer = await printed(`
    import { createEngine, evaluateSettled } from './detect/engine/engine.js'
    import { detectors } from './detect/registry.js'
    import { blockFacts } from './facts/facts.js'
    import { categories, happening } from './model/category.js'
    import { lacking, lintPlaybooks } from './respond/playbooks.js'
    const [stranger, vault] = ['0x' + '5e'.repeat(20), '0x' + 'aa'.repeat(20)]
    const frame = { index: 0, parent: -1, end: 1, depth: 0, type: 'CALL', from: stranger, to: vault, context: vault, value: 0n, input: '0x12345678', output: '0x', gas: 0n, gasUsed: 0n, error: null, reverted: false, logs: [], storage: [] }
    const transaction = { hash: '0x' + '01'.repeat(32), index: 0, from: stranger, to: vault, frames: [frame], logs: [] }
    const bundle = { chainId: 1, number: 7, hash: '0x' + '02'.repeat(32), parentHash: null, timestamp: 1, pending: false, transactions: [transaction], gaps: [], coverage: { traces: 'frames', logs: 'frames' } }
    const engine = createEngine({
      detectors: detectors.filter(({ id }) => id === 'listed-caller'),
      scope: { kind: 'contracts', addresses: new Set([vault]) },
      options: { 'listed-caller': { accounts: [stranger] } },
    })
    const [finding] = evaluateSettled(engine, blockFacts(bundle))
    const pinned = (await lintPlaybooks(undefined)).flatMap((it) => it.pinned ?? [])
    process.stdout.write(JSON.stringify({
      message: finding?.message, severity: finding?.severity, known: categories.includes('listed-caller'),
      words: happening(['listed-caller'], 'Vault'), holes: lacking(pinned, true).map(({ message }) => message),
    }))`)
  expect(answer).toEqual({
    message: `0x${'5e'.repeat(20)}, an account of your list, calls 0x${'aa'.repeat(20)}.`,
    severity: 'medium',
    known: true,
    words: 'An account of your list is calling Vault',
    holes: [],
  })
})
