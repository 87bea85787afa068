import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { childEnvironment, outboundEnvironment } from '../../kit/child-environment.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import { oneAtATime } from './one-at-a-time.ts'

/** When blocks are mined: one per transaction, one every `seconds` (fractions allowed), or only on `evm_mine`. */
export type AnvilMining = { kind: 'auto' } | { kind: 'interval'; seconds: number } | { kind: 'manual' }

export type AnvilOptions = {
  /** A free port by default. */
  port?: number
  mining: AnvilMining
  /** 31337 by default, or the fork's own. */
  chainId?: number
  /** Number and time (seconds since the epoch) of the first block; 0 and now by default. */
  genesis?: { number: number; timestamp: number }
  forkUrl?: string
  /** Only with `forkUrl`; its latest block by default. */
  forkBlock?: number
  /** The number of past block states that are kept, all in memory; 512 by default. Older ones are not usable. */
  stateHistory?: number
  /** Blocks in an epoch, 32 by default; anvil calls a block final two epochs later. */
  epochBlocks?: number
  /** Funded test accounts (10,000 ETH each); 20 by default. */
  accounts?: number
  /** Keeps every step, so that `debug_traceTransaction` has struct logs; slow. */
  stepsTracing?: boolean
  /** `prague`, `london`, …: the rules of execution; anvil's choice by default, the newest or, on a fork of mainnet, the block's. */
  hardfork?: string
}

export type Anvil = {
  /** The URL of a fork passes on one request at a time. */
  url: string
  wsUrl: string
  port: number
  pid: number
  /** Ends the process and resolves when it is gone. May be called twice. */
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const START_ATTEMPTS = 3
const LOCAL_START_MS = 15_000
const FORK_START_MS = 60_000
const PLATFORM_PACKAGES: Record<string, string> = {
  'linux-x64': 'anvil-linux-amd64',
  'linux-arm64': 'anvil-linux-arm64',
  'darwin-x64': 'anvil-darwin-amd64',
  'darwin-arm64': 'anvil-darwin-arm64',
  'win32-x64': 'anvil-win32-amd64',
}

/**
 * Starts an anvil node on 127.0.0.1 and resolves once it answers JSON-RPC; the node never outlives this process. Throws
 * `chain.AnvilMissing` where its binary is not installed and `chain.AnvilNotStarted` where it exits or does not answer
 * (15 s, 60 s for a fork).
 *
 * @example
 * const anvil = await startAnvil({ mining: { kind: 'auto' } })
 * try { await follow(anvil.url) } finally { await anvil.stop() }
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const binary = anvilBinary()
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(options.port ?? 0)
    try {
      return await launch(binary, port, options)
    } catch (thrown) {
      // A free port may be taken between our check and anvil's binding.
      if (options.port !== undefined || attempt >= START_ATTEMPTS) throw thrown
    }
  }
}

/**
 * Path of the anvil binary in its npm platform package, whose install scripts may not have run. Throws
 * `chain.AnvilMissing`.
 */
export function anvilBinary(platform: string = process.platform, arch: string = process.arch): string {
  const name = PLATFORM_PACKAGES[`${platform}-${arch}`]
  const file = platform === 'win32' ? 'anvil.exe' : 'anvil'
  const path = name && resolvePackage(`@foundry-rs/${name}`)
  const binary = path && join(path, 'bin', file)
  if (binary && existsSync(binary)) return binary
  throw new CordonError({
    code: 'chain.AnvilMissing',
    message: 'The anvil binary is not installed.',
    facts: { platform, arch, package: name ? `@foundry-rs/${name}` : 'none is published for this platform' },
    fix: name
      ? `Run \`npm install @foundry-rs/${name}\`, or \`npm install\` without --omit=optional.`
      : 'Use Linux, macOS or Windows on x64 or arm64; only drills and fork simulation need anvil.',
  })
}

/** The platform package is a dependency of `@foundry-rs/anvil`, so it is resolved from there. */
function resolvePackage(name: string): string | undefined {
  try {
    const parent = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    return dirname(createRequire(parent).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

async function launch(binary: string, port: number, options: AnvilOptions): Promise<Anvil> {
  const args = anvilArguments(port, options)
  // Detached: a terminal's Ctrl-C reaches only this process, which stops the node at its own end.
  const env = options.forkUrl === undefined ? childEnvironment() : forkEnvironment(options.forkUrl)
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env })
  const stop = guard(child)
  const url = `http://${HOST}:${port}`
  try {
    await answering(child, url, options.forkUrl ? FORK_START_MS : LOCAL_START_MS)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  child.stderr?.destroy()
  child.unref()
  const anvil = { url, wsUrl: `ws://${HOST}:${port}`, port, pid: child.pid ?? 0, stop }
  return options.forkUrl === undefined ? anvil : behindFront(anvil)
}

/**
 * A fork of anvil 1.7 hangs permanently when a past block's balance, code, storage or trace is requested in parallel
 * with anything else (12 clients: within 200 requests; one client: never in 3,000).
 */
async function behindFront(fork: Anvil): Promise<Anvil> {
  const front = await oneAtATime(fork.url)
  return {
    ...fork,
    url: front.url,
    stop: async () => {
      await front.stop()
      await fork.stop()
    },
  }
}

/**
 * Under this name anvil finds the URL in its environment: anyone can read the arguments of a process, but not its
 * environment.
 */
const FORK_ALIAS = 'cordon-fork'

function forkEnvironment(forkUrl: string): Record<string, string> {
  // A fork's threads wait for the remote node: with one per core (two here) calls of a drill once blocked for 10 s.
  const threads = { TOKIO_WORKER_THREADS: '16' }
  const endpoints = `{${JSON.stringify(FORK_ALIAS)}=${JSON.stringify(forkUrl)}}`
  return { ...outboundEnvironment(), ...threads, FOUNDRY_RPC_ENDPOINTS: endpoints }
}

function anvilArguments(port: number, options: AnvilOptions): string[] {
  const { mining, chainId, forkUrl, forkBlock, stateHistory = 512, accounts = 20 } = options
  const { epochBlocks = 32, genesis, stepsTracing = false, hardfork } = options
  return [
    ...['--host', HOST, '--port', String(port), '--quiet', '--no-cors', '--no-request-size-limit'],
    ...['--slots-in-an-epoch', String(epochBlocks)],
    ...['--order', 'fees', '--accounts', String(accounts), '--gas-limit', '60000000'],
    // Past states stay in memory: without this anvil writes them below ~/.foundry and leaves them there.
    ...['--prune-history', String(stateHistory)],
    ...(mining.kind === 'interval' ? ['--block-time', String(mining.seconds)] : []),
    ...(mining.kind === 'manual' ? ['--no-mining'] : []),
    ...(stepsTracing ? ['--steps-tracing'] : []),
    ...(hardfork === undefined ? [] : ['--hardfork', hardfork]),
    ...(chainId === undefined ? [] : ['--chain-id', String(chainId)]),
    ...(genesis === undefined
      ? []
      : ['--number', String(genesis.number), '--timestamp', String(genesis.timestamp)]),
    ...(forkUrl === undefined ? [] : ['--fork-url', FORK_ALIAS]),
    ...(forkBlock === undefined ? [] : ['--fork-block-number', String(forkBlock)]),
  ]
}

/**
 * Ties the child's life to this process and returns the function that ends it. `exit` covers a normal end; for kill -9
 * a shell holds the other end of a pipe to this process and ends the node when the pipe closes.
 */
function guard(child: ChildProcess): () => Promise<void> {
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  const sentinel = process.platform === 'win32' || !child.pid ? undefined : watch(child.pid)
  process.once('exit', kill)
  void gone.then(() => {
    process.removeListener('exit', kill)
    sentinel?.kill('SIGKILL')
  })
  return async () => {
    child.ref()
    kill()
    await gone
  }
}

function watch(pid: number): ChildProcess {
  const script = 'read -r _; kill -9 "$0"'
  const sentinel = spawn('/bin/sh', ['-c', script, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: childEnvironment(),
  })
  sentinel.on('error', () => {}) // Without the shell, the exit handler remains.
  sentinel.unref()
  const pipe: unknown = sentinel.stdin
  if (pipe && typeof pipe === 'object' && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  return sentinel
}

async function answering(child: ChildProcess, url: string, withinMs: number): Promise<void> {
  let said = ''
  let failure: unknown
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-1_000)
  })
  child.once('error', (thrown) => {
    failure = thrown
  })
  const deadline = systemClock.now() + withinMs
  while (!failure && child.exitCode === null && child.signalCode === null && systemClock.now() < deadline) {
    if (await answers(url)) return
    await systemClock.sleep(10)
  }
  throw notStarted({ exitCode: child.exitCode, signal: child.signalCode, said: said.trim() }, failure)
}

async function answers(url: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  try {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    return false
  }
}

/**
 * Binds the port (0: any) and releases it. If the requested port is taken, this check must detect it: its holder, most
 * likely another anvil, would answer instead of our node.
 */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause) => reject(notStarted({ port: wanted, said: cause.message }, cause)))
    server.listen(wanted, HOST, () => {
      const address = server.address()
      const port = address && typeof address === 'object' ? address.port : wanted
      server.close(() => resolve(port))
    })
  })
}

function notStarted(facts: Record<string, unknown>, cause: unknown): CordonError {
  return new CordonError({
    code: 'chain.AnvilNotStarted',
    message: 'anvil did not start.',
    facts,
    fix: 'Read the output above: the port may be in use, the fork URL unreachable, or the fork block pruned.',
    cause,
  })
}
