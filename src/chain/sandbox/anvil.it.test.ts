import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mnemonicToAccount } from 'viem/accounts'
import { afterEach, describe, expect, test } from 'vitest'
import { createRpc } from '../rpc/rpc.ts'
import { type Anvil, type AnvilOptions, anvilBinary, startAnvil } from './anvil.ts'

const GWEI = 1_000_000_000n
const started: Anvil[] = []

async function start(options: AnvilOptions): Promise<Anvil> {
  const anvil = await startAnvil(options)
  started.push(anvil)
  return anvil
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((anvil) => anvil.stop()))
})

async function rpc(
  anvil: { url: string },
  method: string,
  params: readonly unknown[] = [],
): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const headers = { 'content-type': 'application/json' }
  const answer = (await (await fetch(anvil.url, { method: 'POST', headers, body })).json()) as {
    result?: unknown
    error?: { message: string }
  }
  if (answer.error) throw new Error(answer.error.message)
  return answer.result
}

const blockNumber = async (anvil: Anvil): Promise<number> => Number(await rpc(anvil, 'eth_blockNumber'))

const account = (addressIndex: number) =>
  mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex })

async function transfer(anvil: Anvil, from: number, fees: { cap: bigint; tip: bigint }): Promise<unknown> {
  const raw = await account(from).signTransaction({
    ...{ type: 'eip1559', chainId: 31_337, nonce: 0, gas: 21_000n, value: 1n, to: account(9).address },
    ...{ maxFeePerGas: fees.cap * GWEI, maxPriorityFeePerGas: fees.tip * GWEI },
  })
  return rpc(anvil, 'eth_sendRawTransaction', [raw])
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('never came true')
}

describe('mining', () => {
  test('automatic mining makes a block for a transaction', async () => {
    const anvil = await start({ mining: { kind: 'auto' } })
    await transfer(anvil, 0, { cap: 10n, tip: 1n })
    await until(async () => (await blockNumber(anvil)) === 1)
  })

  test('manual mining makes a block only when asked', async () => {
    const anvil = await start({ mining: { kind: 'manual' } })
    await transfer(anvil, 0, { cap: 10n, tip: 1n })
    expect(await blockNumber(anvil)).toBe(0)
    await rpc(anvil, 'evm_mine')
    expect(await blockNumber(anvil)).toBe(1)
  })

  test('an interval may be a fraction of a second', async () => {
    const anvil = await start({ mining: { kind: 'interval', seconds: 0.1 } })
    await until(async () => (await blockNumber(anvil)) >= 3)
  })

  test('a block is ordered by fee cap alone, whatever the tip', async () => {
    const anvil = await start({ mining: { kind: 'manual' } })
    const generous = await transfer(anvil, 0, { cap: 30n, tip: 20n })
    const capped = await transfer(anvil, 1, { cap: 200n, tip: 0n })
    await rpc(anvil, 'evm_mine')
    expect(await rpc(anvil, 'eth_getBlockByNumber', ['latest', false])).toMatchObject({
      transactions: [capped, generous],
    })
  })
})

describe('what Cordon asks of a node', () => {
  test('several calls are simulated one after another at a past block', async () => {
    const anvil = await start({ mining: { kind: 'manual' } })
    await rpc(anvil, 'anvil_mine', ['0x10'])
    const from = account(0).address
    const send = { from, to: '0x00000000000000000000000000000000000000aa', value: '0x1' }
    const calls = [send, { ...send, value: '0xffffffffffffffffffff' }]
    const simulated = rpc(anvil, 'eth_simulateV1', [{ blockStateCalls: [{ calls: [send, send] }] }, '0x4'])
    expect(await simulated).toMatchObject([{ calls: [{ status: '0x1' }, { status: '0x1' }] }])
    await expect(rpc(anvil, 'eth_simulateV1', [{ blockStateCalls: [{ calls }] }, '0x4'])).rejects.toThrow()
  })

  test('the state of the last blocks is kept and that of older ones is not', async () => {
    const anvil = await start({ mining: { kind: 'manual' }, stateHistory: 8 })
    await rpc(anvil, 'anvil_mine', ['0x20'])
    const balanceAt = (block: string) => rpc(anvil, 'eth_getBalance', [account(0).address, block])
    expect(BigInt(String(await balanceAt('0x1e')))).toBe(10_000n * 10n ** 18n)
    await expect(balanceAt('0x2')).rejects.toThrow('BlockOutOfRange')
  })

  test('finality follows two epochs behind', async () => {
    const anvil = await start({ mining: { kind: 'manual' }, epochBlocks: 1 })
    await rpc(anvil, 'anvil_mine', ['0x5'])
    expect(await rpc(anvil, 'eth_getBlockByNumber', ['finalized', false])).toMatchObject({ number: '0x3' })
  })

  test('chain id and account count are as asked', async () => {
    const anvil = await start({ mining: { kind: 'auto' }, chainId: 99, accounts: 3 })
    expect(await rpc(anvil, 'eth_chainId')).toBe('0x63')
    expect(await rpc(anvil, 'eth_accounts')).toHaveLength(3)
  })

  test('a fork has the state of its origin at the fork block', async () => {
    const origin = await start({ mining: { kind: 'manual' } })
    await transfer(origin, 0, { cap: 10n, tip: 1n })
    await rpc(origin, 'anvil_mine', ['0x3'])
    const fork = await start({ mining: { kind: 'manual' }, forkUrl: origin.url, forkBlock: 2 })
    expect(await blockNumber(fork)).toBe(2)
    expect(await rpc(fork, 'eth_getTransactionCount', [account(0).address, 'latest'])).toBe('0x1')
  })

  test('a fork that mines answers many questions about a past block at once', async () => {
    const origin = await start({ mining: { kind: 'manual' } })
    await rpc(origin, 'anvil_mine', ['0x3'])
    const fork = await start({ mining: { kind: 'interval', seconds: 0.25 }, forkUrl: origin.url })
    const asked = Array.from({ length: 600 }, (_, i) => {
      const address = `0x${(i + 1).toString(16).padStart(40, 'b')}`
      return rpc(fork, i % 2 === 0 ? 'eth_getBalance' : 'eth_getCode', [address, '0x3'])
    })
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['0x0', '0x']))
  })
})

describe('the process', () => {
  test('a stopped node is gone, and stopping it again does nothing', async () => {
    const anvil = await start({ mining: { kind: 'auto' } })
    expect(isAlive(anvil.pid)).toBe(true)
    await anvil.stop()
    await anvil.stop()
    expect(isAlive(anvil.pid)).toBe(false)
  })

  test('a node does not outlive a parent that was killed with SIGKILL', async () => {
    mkdirSync('.cordon', { recursive: true })
    const folder = mkdtempSync(join('.cordon', 'orphan-'))
    try {
      const pid = await startInKilledParent(folder)
      await until(() => !isAlive(pid))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a port in use is told, though what holds it answers like a node', async () => {
    const { port } = await start({ mining: { kind: 'auto' } })
    await expect(startAnvil({ mining: { kind: 'auto' }, port })).rejects.toMatchObject({
      code: 'chain.AnvilNotStarted',
      facts: { port, said: expect.stringContaining('EADDRINUSE') },
    })
  })

  test('the URL that it forks from, where providers put keys, is on no command line', async () => {
    const { url } = await start({ mining: { kind: 'auto' } })
    const fork = await start({ mining: { kind: 'auto' }, forkUrl: `${url}/?key=top-"secret"` })
    expect(await createRpc({ urls: [fork.url] }).request('eth_chainId', [])).toBe('0x7a69')
    const shown = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(fork.pid)]).toString()
    expect(shown).toContain('--fork-url')
    expect(shown).not.toMatch(/secret|127.0.0.1:\d/)
  })

  test('a node that exits is told with what it said', async () => {
    const { url } = await start({ mining: { kind: 'auto' } })
    const beyond = startAnvil({ mining: { kind: 'auto' }, forkUrl: url, forkBlock: 1_000, chainId: 5 })
    await expect(beyond).rejects.toMatchObject({
      code: 'chain.AnvilNotStarted',
      facts: { exitCode: 1, said: expect.stringContaining('block') },
    })
  })

  test('a platform without a binary is told with what can be done', () => {
    expect(() => anvilBinary('sunos', 'sparc')).toThrowErrorMatchingInlineSnapshot(`
      [chain.AnvilMissing: The anvil binary is not installed.
        platform: sunos
        arch: sparc
        package: none is published for this platform
      Fix: Use Linux, macOS or Windows on x64 or arm64; only drills and fork simulation need anvil.]
    `)
    expect(() => anvilBinary('win32', 'x64')).toThrowErrorMatchingInlineSnapshot(`
      [chain.AnvilMissing: The anvil binary is not installed.
        platform: win32
        arch: x64
        package: @foundry-rs/anvil-win32-amd64
      Fix: Run \`npm install @foundry-rs/anvil-win32-amd64\`, or \`npm install\` without --omit=optional.]
    `)
  })
})

/** Compiles anvil.ts as the build does, starts a node from it in a process of its own, and kills that process. */
async function startInKilledParent(folder: string): Promise<number> {
  const tsc = join('node_modules', 'typescript-native', 'bin', 'tsc')
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = { noEmit: false, outDir: 'out', rootDir: '../../src', skipLibCheck: true }
  const files = ['../../src/chain/sandbox/anvil.ts']
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, files, include: [] }),
  )
  execFileSync(process.execPath, [tsc, '-p', config])
  const script = `import { startAnvil } from './out/chain/sandbox/anvil.js'
    console.log((await startAnvil({ mining: { kind: 'auto' } })).pid)
    setInterval(() => {}, 1_000)`
  writeFileSync(join(folder, 'parent.mjs'), script)
  const parent = spawn(process.execPath, [join(folder, 'parent.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString())
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  return pid
}
