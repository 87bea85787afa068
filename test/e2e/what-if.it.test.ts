import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import type { RanCommand } from '../harness/cordon-process.ts'
import { runCordon } from '../harness/cordon-process.ts'

let anvil: Anvil
let at: DrillDeployment
let dir: string
let attack: string

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-what-if-'))
  at = await deployDrill(anvil.url)
  const { transactions } = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  attack = transactions[0]?.hash ?? ''
})
afterAll(async () => {
  await anvil.stop()
  await rm(dir, { recursive: true, force: true })
})

const run = (...args: string[]): Promise<RanCommand> => runCordon({ args, cwd: dir })

test('an attack that was frozen says without an RPC what would have been left of the profit', async () => {
  expect((await run('regress', 'freeze', anvil.url, '--tx', attack, '-o', 'attack.json')).code).toBe(0)
  const { lines } = await run('investigate', 'attack.json', '--counterfactual')
  const [{ counterfactuals, transactions }] = lines as [
    { counterfactuals: unknown[]; transactions: unknown[] },
  ]
  expect(transactions).toMatchObject([{ hash: attack }])
  expect(counterfactuals[0]).toMatchObject({
    alteration: 're-entry-refused',
    contract: at.ethReserve,
    outcome: 'profit-gone',
  })
})

test('siblings are tried on a fork of the node, and a file is refused', async () => {
  const { lines } = await run('investigate', anvil.url, '--tx', attack, '--siblings', at.ethReserve)
  const [{ scope }] = lines as [{ scope: { atRisk: unknown[] } }]
  expect(scope.atRisk).toMatchObject([{ contract: at.ethReserve, outcome: 'drained' }])
  const refused = await run('investigate', 'attack.json', '--counterfactual', '--siblings', at.ethReserve)
  expect(refused.errors).toMatchObject([{ code: 'app.SiblingsNeedNode' }])
})
