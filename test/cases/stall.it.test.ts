import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../src/kit/logger.ts'
import { configSchema, UNKNOWN_CHAIN } from '../../src/model/config.ts'
import { type WatchLine, watchOnly } from '../../src/respond/watch-only.ts'
import { caseFile, describeCases } from '../harness/cases.ts'

const PROTECTED = '0x74c95604043427f0bee1d0e16bfa53afd537f736'
const hasPython = spawnSync('python3', ['--version']).status === 0

const nodes: ChildProcess[] = []
const folders: string[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) node.kill()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The mock node of the case, begun with a scenario; it writes next to its file, so it runs in a folder of its own. */
async function mockNode(scenario: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-stall-'))
  folders.push(folder)
  await cp(caseFile('stall-untraceable-block'), folder, { recursive: true })
  spawnSync('chmod', ['-R', 'u+w', folder])
  const port = await freePort()
  nodes.push(spawn('python3', ['mock.py', String(port), scenario], { cwd: folder, stdio: 'ignore' }))
  return `http://127.0.0.1:${port}`
}

async function watched(urls: readonly string[]): Promise<WatchLine[]> {
  const config = configSchema.parse({
    chains: [{ chainId: 1, rpcUrls: urls }],
    protect: [{ address: PROTECTED }],
  })
  const chains = config.chains.map((chain) => ({ ...chain, chainId: UNKNOWN_CHAIN }))
  const lines: WatchLine[] = []
  const signal = new AbortController().signal
  const options = {
    logger: silentLogger,
    mempool: false,
    fromBlock: 12,
    maxBlocks: 10,
    progress: () => {},
    signal,
  }
  for await (const line of watchOnly({ config: { ...config, chains }, ...options })) lines.push(line)
  return lines
}

const criticalIn = (lines: readonly WatchLine[]): number[] =>
  lines.flatMap((line) => (line.type === 'finding' && line.severity === 'critical' ? [line.blockNumber] : []))
const noticesIn = (lines: readonly WatchLine[]): string[] =>
  lines.flatMap((line) => (line.type === 'notice' ? [line.code] : []))

describeCases('a block that cannot be read in full', () => {
  describe.skipIf(!hasPython)('a node of public bug reports', () => {
    test('the control: the attack in block 20 is found, and nothing is partial', async () => {
      const lines = await watched([await mockNode('healthy.py')])
      expect(criticalIn(lines)).toEqual([20])
      expect(noticesIn(lines)).not.toContain('block-partial')
    })

    test.each([
      ['a transaction that the block’s trace leaves out', 'bor-1920.py'],
      ['a transaction that takes too long to trace', 'geth-timeout.py'],
      ['a receipt that is null', 'zeta-2831.py'],
    ])('%s: the block is told to be partial, and the attack after it is found', async (_name, scenario) => {
      const lines = await watched([await mockNode(scenario)])
      expect(criticalIn(lines)).toEqual([20])
      expect(noticesIn(lines)).toContain('block-partial')
    })
  })
})
