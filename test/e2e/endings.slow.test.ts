import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { processesIn, type RunningProcess } from '../harness/processes.ts'

const PROGRAM = resolve('.cordon/test-build/src/cli/main.js')
const SECRETS = { GUARDIAN_KEY: '0xdeadbeefsecret', CORDON_API_TOKEN: 'token-that-nobody-may-read-1' }

let node: Anvil
beforeAll(async () => {
  node = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
})
afterAll(() => node.stop())

/** A folder in which Cordon is started, and which nothing must be left in. */
type Place = {
  folder: string
  /** The processes of one program there. */
  named(name: string): RunningProcess[]
  /** The process ids of Cordon itself. */
  cordons(): number[]
  start(command: string, args: readonly string[]): ChildProcess
}

async function inPlace(act: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-ending-'))
  // PostgreSQL, which does not run as root, must get through
  await chmod(folder, 0o755)
  const scripts = { start: `node ${PROGRAM} start` }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts }))
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, TZ: 'UTC', ...SECRETS }
  try {
    await act({
      folder,
      named: (name) => processesIn(folder).filter(({ command }) => command.split(' ')[0]?.endsWith(name)),
      cordons: () =>
        processesIn(folder).flatMap(({ pid, command }) =>
          command.startsWith(`node ${PROGRAM}`) ? [pid] : [],
        ),
      // a process group of its own, as a terminal or a supervisor starts it
      start: (command, args) =>
        spawn(command, args, { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] }),
    })
    // the grace is in it for which a database is left for the next start to adopt
    const left = () => processesIn(folder).map(({ command }) => command)
    await expect.poll(left, { timeout: 60_000, interval: 200 }).toEqual([])
  } finally {
    for (const { pid } of processesIn(folder)) end(pid)
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

function end(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {}
}

const group = (child: ChildProcess, signal: NodeJS.Signals): boolean =>
  process.kill(-(child.pid ?? 0), signal)

type Started = { child: ChildProcess; over: Promise<unknown> }

/** `npm start` with these arguments, once it says `words`. */
async function npmStart({ start }: Place, args: readonly string[], words: string): Promise<Started> {
  const child = start('npm', ['start', '--silent', '--', ...args])
  const over = once(child, 'exit')
  await new Promise<void>((settle, fail) => {
    let output = ''
    const read = (text: string): void => {
      output += text
      if (output.includes(words)) settle()
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.stderr?.setEncoding('utf8').on('data', read)
    child.once('exit', () => fail(new Error(`ended before “${words}”: ${output.slice(-1_000)}`)))
  })
  return { child, over }
}

/** Two of them: a drill with a chain of its own, and one that watches with a database of its own. */
async function bothRunning(place: Place): Promise<Started[]> {
  const watcher = await npmStart(place, ['--rpc', node.url], 'Cordon watches')
  const drill = await npmStart(place, [], 'chain up')
  expect(place.named('anvil')).not.toEqual([])
  expect(place.named('postgres')).not.toEqual([])
  return [watcher, drill]
}

type Act = (child: ChildProcess, place: Place) => unknown

const ways: readonly [string, Act][] = [
  ['Ctrl-C', (child) => group(child, 'SIGINT')],
  ['SIGTERM to npm alone', (child) => child.kill('SIGTERM')],
  ['a closed terminal', (child) => group(child, 'SIGHUP')],
  ['npm killed', (child) => child.kill('SIGKILL')],
  ['Cordon killed', (_child, { cordons }) => cordons().map((pid) => end(pid))],
  ['everything of the group killed', (child) => group(child, 'SIGKILL')],
  [
    'Ctrl-C twice',
    (child, { cordons }) => {
      const pids = cordons()
      group(child, 'SIGINT')
      const again = setInterval(() => pids.map((pid) => end(pid, 'SIGINT')), 600)
      child.once('exit', () => clearInterval(again))
    },
  ],
]

describe('leaves no PostgreSQL, no anvil and no Cordon behind', { timeout: 240_000 }, () => {
  test.each(ways)('%s', (_way, act) =>
    inPlace(async (place) => {
      const both = await bothRunning(place)
      for (const { child } of both) act(child, place)
      await Promise.all(both.map(({ over }) => over))
    }),
  )

  test.each(['SIGINT', 'SIGKILL'] as const)('%s while the database is being set up', (signal) =>
    inPlace(async (place) => {
      const child = place.start('npm', ['start', '--silent', '--', '--rpc', node.url])
      const over = once(child, 'exit')
      const programs = () => place.named('initdb').length + place.named('postgres').length
      await expect.poll(programs, { timeout: 60_000 }).toBeGreaterThan(0)
      group(child, signal)
      await over
    }),
  )

  test('a reader that goes away', () =>
    inPlace(async (place) => {
      const { child, over } = await npmStart(place, [], 'chain up')
      child.stdout?.destroy()
      await over
    }))

  test('output that goes to `head`, which ends with 0', () =>
    inPlace(async ({ start }) => {
      const child = start('bash', ['-c', `node ${PROGRAM} start --once | head -n 1; echo \${PIPESTATUS[0]}`])
      let output = ''
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
      await once(child, 'exit')
      expect(output).toMatch(/chain up[^\n]*\n0\n$/)
    }))
})

test(
  'child processes are given no secret, in their environment or on their command line',
  () =>
    inPlace(async (place) => {
      const both = await bothRunning(place)
      const parents = [...place.cordons(), ...both.map(({ child }) => child.pid)]
      const children = processesIn(place.folder).filter(({ pid }) => !parents.includes(pid))
      // npm's own shell has what npm has
      const own = children.filter(({ environment }) => !environment.includes('npm_lifecycle_event'))
      for (const program of ['postgres', 'anvil', 'sh'])
        expect(own.some(({ command }) => command.split(' ')[0]?.endsWith(program))).toBe(true)
      for (const secret of Object.values(SECRETS)) {
        expect(own.filter(({ environment }) => environment.includes(secret))).toEqual([])
        expect(children.filter(({ command }) => command.includes(secret))).toEqual([])
      }
      for (const { child } of both) group(child, 'SIGINT')
      await Promise.all(both.map(({ over }) => over))
    }),
  240_000,
)
