import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toFunctionSelector } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import { runTraffic } from '../../drills/traffic.ts'
import { toJson } from '../../kit/json.ts'
import type { AttackKind } from '../../model/attack-kind.ts'
import type { AlterationKind } from '../../model/counterfactual.ts'
import type { Hash } from '../../model/hex.ts'
import { type Investigation, investigationSchema } from '../../model/investigation.ts'
import { freeze, writeRegression } from '../regress/regress.ts'
import { investigateWhatIf } from './investigate.ts'

let anvil: Anvil
let node: Endpoint
let at: DrillDeployment
let honest: Hash[]

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  node = createEndpoint(anvil.url)
  at = await deployDrill(anvil.url)
  const sent = await runTraffic(at, anvil.url, { rounds: 1 })
  honest = sent.filter(({ succeeded }) => succeeded).map(({ hash }) => hash)
})
afterAll(async () => {
  await node.close()
  await anvil.stop()
})

type Planted = {
  kind: AttackKind
  rounds: number
  contract: keyof DrillDeployment
  function: string
  category: string
  alteration: AlterationKind
  /** Sound contracts would have these too, and they would not have helped. */
  others: AlterationKind[]
}

const planted: Planted[] = [
  {
    kind: 'reentrancy',
    rounds: 1,
    contract: 'ethReserve',
    function: 'withdraw(uint256)',
    category: 'reentrancy',
    alteration: 're-entry-refused',
    others: ['repeat-refused'],
  },
  {
    kind: 'oracle',
    rounds: 1,
    contract: 'lendingMarket',
    function: toFunctionSelector('collateralPrice()'),
    category: 'price-manipulation',
    alteration: 'price-held',
    others: ['re-entry-refused', 'repeat-refused'],
  },
  {
    kind: 'option',
    rounds: 1,
    contract: 'optionsVault',
    function: toFunctionSelector('exercise(uint256,uint256,address[])'),
    category: 'option-abuse',
    alteration: 'repeat-refused',
    others: ['re-entry-refused'],
  },
  {
    kind: 'reentrancy',
    rounds: 3,
    contract: 'ethReserve',
    function: 'withdraw(uint256)',
    category: 'reentrancy',
    alteration: 're-entry-refused',
    others: ['repeat-refused'],
  },
]

async function frozen({ kind, rounds }: Planted): Promise<string> {
  const snapshot = await node.request('evm_snapshot', [])
  try {
    const { transactions } = await launchAttack(at, anvil.url, { kind, rounds })
    const attacks = transactions.map(({ hash }) => hash)
    const file = join(await mkdtemp(join(tmpdir(), 'cordon-what-if-')), `${kind}.json`)
    const legitimate = honest.slice(0, 12)
    await writeRegression(file, await freeze({ source: anvil.url, attacks, legitimate }))
    return file
  } finally {
    await node.request('evm_revert', [snapshot])
  }
}

function investigateFile(source: string): Promise<Investigation> {
  const scope = { kind: 'everything' } as const
  return investigateWhatIf({ source, hashes: [], legitimate: [], scope, full: false })
}

test.each(planted)(
  'the $kind attack in $rounds transactions: $alteration takes the profit, honest transactions pass, no other lock or limit helps',
  async (flaw) => {
    const found = await investigateFile(await frozen(flaw))
    expect(investigationSchema.parse(JSON.parse(toJson(found)))).toEqual(found)
    const contract = at[flaw.contract]
    const telling = (found.counterfactuals ?? []).filter(({ speaksFor }) => speaksFor.length > 0)
    expect(telling.filter(({ outcome }) => outcome === 'profit-gone')).toMatchObject([
      { alteration: flaw.alteration, contract, function: flaw.function, legitimate: { passed: 12, of: 12 } },
    ])
    const kept = telling.filter(({ outcome }) => outcome === 'profit-remains')
    expect([...new Set(kept.map(({ alteration }) => alteration))].sort()).toEqual(flaw.others)
    expect(kept.every(({ gained }) => gained.length > 0)).toBe(true)
    expect(found.rootCause).toMatchObject({ category: flaw.category, contract })
    expect(found.rootCause.hypotheses[0]?.evidence.at(-1)?.statement).toContain('profit gone')
    expect(found.unexplained.filter((text) => text.startsWith('what if'))).toEqual([])
  },
)

test('the capital is told as a step that is needed, not as a cause', async () => {
  const [, oracle] = planted
  if (oracle === undefined) throw new Error('no oracle attack')
  const { counterfactuals = [] } = await investigateFile(await frozen(oracle))
  const loan = counterfactuals.find(({ contract }) => contract === at.flashLender)
  expect(loan).toMatchObject({ alteration: 'call-refused', outcome: 'profit-gone', speaksFor: [] })
  expect(counterfactuals.some(({ contract }) => contract === at.attackOracle)).toBe(false)
})

test('what there was no time for is said', async () => {
  const [reentrancy] = planted
  if (reentrancy === undefined) throw new Error('no reentrancy')
  const source = await frozen(reentrancy)
  const scope = { kind: 'everything' } as const
  const found = await investigateWhatIf({
    source,
    hashes: [],
    legitimate: [],
    scope,
    full: false,
    withinMs: -1,
  })
  expect(found.counterfactuals).toEqual([])
  expect(found.unexplained.at(-1)).toMatch(/^what if: \d+ alterations were not tried, time was up$/)
})
