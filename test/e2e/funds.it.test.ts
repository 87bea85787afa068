import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import { fundFlowSchema } from '../../src/model/fund-flow.ts'
import { startCordon } from '../harness/cordon-process.ts'

let anvil: Anvil
let dir: string
let hash: string
let protect: string
let reserve: string

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-funds-'))
  const at = await deployDrill(anvil.url)
  reserve = at.ethReserve
  const launched = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  hash = launched.transactions[0]?.hash ?? ''
  protect = [at.optionsVault, at.lendingMarket, at.ethReserve].join()
})

afterAll(async () => {
  await anvil.stop()
  await rm(dir, { recursive: true, force: true })
})

async function follow(...args: readonly string[]) {
  const cordon = startCordon({ args: ['funds', 'follow', anvil.url, '--tx', hash, ...args], cwd: dir })
  const { code } = await cordon.ended
  return { code, lines: cordon.lines, stderr: cordon.stderr() }
}

test('what the drill’s victim lost is followed from a node, drawn, and its sums are exact', async () => {
  const { code, lines } = await follow('--protect', protect, '--svg', 'flow.svg')
  expect(code).toBe(0)
  const found = fundFlowSchema.parse(lines[0])
  expect(found.sources.map(({ account }) => account)).toEqual([reserve])
  for (const { stolen, at } of found.totals) {
    const sum = Object.values(at).reduce((total, both) => total + (both?.fifo ?? 0n), 0n)
    expect(sum).toBe(stolen)
  }
  expect(found.nodes.map(({ kind }) => kind)).toContain('attacker')
  expect(await readFile(join(dir, 'flow.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
})

test('what was stolen may be said; half of it said is refused', async () => {
  const said = await follow('--from', reserve, '--amount', '1000000000000000000')
  expect(fundFlowSchema.parse(said.lines[0]).sources).toMatchObject([{ amount: 10n ** 18n }])
  const half = await follow('--from', reserve)
  expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('app.InvalidNumber')])
})
