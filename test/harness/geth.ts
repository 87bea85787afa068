import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/kit/clock.ts'

const run = promisify(execFile)

const VERSION = 'v1.17.10'
const START_MS = 60_000

/**
 * The geth of these tests: `CORDON_GETH`, or the pinned version that was built once with Go into the cache folder.
 * Undefined if there is neither a binary nor Go. Building takes minutes. Throws the error of `go install`.
 */
export async function gethBinary(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env['CORDON_GETH']
  if (given !== undefined) return given
  const folder = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cordon', `geth-${VERSION}`)
  const binary = join(folder, 'geth')
  if (existsSync(binary)) return binary
  if (!(await hasGo())) return undefined
  process.stderr.write(`building geth ${VERSION} into ${folder}: minutes, once\n`)
  await mkdir(folder, { recursive: true })
  const building = await mkdtemp(join(folder, 'build-'))
  try {
    const install = ['install', `github.com/ethereum/go-ethereum/cmd/geth@${VERSION}`]
    await run('go', install, { env: { ...env, GOBIN: building, GOFLAGS: '' }, maxBuffer: 2 ** 26 })
    await rename(join(building, 'geth'), binary)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return binary
}

function hasGo(): Promise<boolean> {
  return run('go', ['version']).then(
    () => true,
    () => false,
  )
}

export type Geth = {
  url: string
  wsUrl: string
  /** Ends the process and removes its data. */
  stop(): Promise<void>
}

export type GethOptions = {
  /** Seconds between blocks. */
  blockSeconds?: number
}

const APIS = 'debug,eth,net,web3,txpool'

/** A `geth --dev` with its own chain on 127.0.0.1, over HTTP and WebSocket; resolves once it makes blocks. */
export async function startGeth(binary: string, { blockSeconds = 1 }: GethOptions = {}): Promise<Geth> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-geth-'))
  const port = String(await freePort())
  const args = [
    ...['--dev', '--dev.period', String(blockSeconds), '--datadir', dataDir, '--ipcdisable'],
    ...['--authrpc.port', '0', '--verbosity', '1'],
    ...['--http', '--http.addr', '127.0.0.1', '--http.port', port, '--http.api', APIS],
    ...['--ws', '--ws.addr', '127.0.0.1', '--ws.port', port, '--ws.api', APIS],
  ]
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = (): boolean => child.kill('SIGKILL')
  const guard = endWithUs(child.pid ?? 0)
  const stop = async (): Promise<void> => {
    guard.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      kill()
      await gone
    }
    await rm(dataDir, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await makingBlocks(child, url)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { url, wsUrl: `ws://127.0.0.1:${port}`, stop }
}

/**
 * A shell holds the other end of a pipe to this process and ends the node when this process is gone, for any reason.
 */
function endWithUs(pid: number): ChildProcess {
  const script = 'read -r _; kill -9 "$0"'
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}

async function makingBlocks(child: ChildProcess, url: string): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2_000)
  })
  const deadline = systemClock.now() + START_MS
  while (child.exitCode === null && systemClock.now() < deadline) {
    if ((await headOf(url)) > 0) return
    await systemClock.sleep(50)
  }
  throw new Error(`geth did not come up: ${said}`)
}

async function headOf(url: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] })
  const headers = { 'content-type': 'application/json' }
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    return Number(((await response.json()) as { result?: string }).result ?? 0)
  } catch {
    return 0
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
