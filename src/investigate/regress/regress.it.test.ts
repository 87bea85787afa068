import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Abi, encodeDeployData } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf } from '../../drills/accounts.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import { runTraffic } from '../../drills/traffic.ts'
import { toJson } from '../../kit/json.ts'
import type { AttackKind } from '../../model/attack-kind.ts'
import { type Address, type Hash, type Hex, hashSchema, hexSchema } from '../../model/hex.ts'
import { type Regression, regressionSchema } from '../../model/regression.ts'
import { freeze, readRegression, readRuntimeCode, rerun } from './regress.ts'

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

type Fix = {
  kind: AttackKind
  contract: string
  target: keyof DrillDeployment
  args: (at: DrillDeployment) => readonly unknown[]
  /** The lines of the fix: each text to find, and its replacement. */
  patch: readonly (readonly [string, string])[]
}

const fixes: Fix[] = [
  {
    kind: 'reentrancy',
    contract: 'EthReserve',
    target: 'ethReserve',
    args: () => [addressOf('guardian')],
    patch: [
      ['(bool paid,) =', 'balanceOf[msg.sender] = own - amount;\n        (bool paid,) ='],
      ['        balanceOf[msg.sender] = own - amount;\n        emit', '        emit'],
    ],
  },
  {
    kind: 'option',
    contract: 'OptionsVault',
    target: 'optionsVault',
    args: ({ usdc, oracle }) => [addressOf('guardian'), usdc, oracle],
    patch: [
      [
        '_payFrom(seriesId, writers[i], amount);',
        '_payFrom(seriesId, writers[i], amount);\n            s.token.burn(msg.sender, amount);',
      ],
      ['        }\n        s.token.burn(msg.sender, amount);', '        }'],
    ],
  },
  {
    kind: 'oracle',
    contract: 'LendingMarket',
    target: 'lendingMarket',
    args: ({ usdc, acme, pair }) => [addressOf('guardian'), usdc, acme, pair],
    patch: [
      [
        '        (uint256 own, uint256 other) = PairTrade.reservesOf(pair, address(collateralToken));\n',
        '        (,, uint32 traded) = pair.getReserves();\n        require(traded != uint32(block.timestamp), "traded in this block");\n        (uint256 own, uint256 other) = PairTrade.reservesOf(pair, address(collateralToken));\n',
      ],
    ],
  },
]

const compiledSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).default([]),
  contracts: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ abi: z.unknown(), evm: z.object({ bytecode: z.object({ object: z.string() }) }) }),
    ),
  ),
})

/** The contract with the fix in its source, deployed next to the old one: its runtime code, including immutables. */
async function fixedCode({ contract, args, patch }: Fix): Promise<Hex> {
  const { compile } = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const path = `protocol/${contract}.sol`
  const files = readdirSync('contracts', { recursive: true })
    .map(String)
    .filter((name) => /^(base|protocol|tokens).*\.sol$/.test(name))
  const sources = Object.fromEntries(
    files.map((name) => [name, { content: readFileSync(join('contracts', name), 'utf8') }]),
  )
  const before = sources[path]?.content ?? ''
  const after = patch.reduce((text, [found, instead]) => text.replace(found, () => instead), before)
  expect(after).not.toBe(before)
  const settings = {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'cancun',
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  }
  const input = { language: 'Solidity', sources: { ...sources, [path]: { content: after } }, settings }
  const output = compiledSchema.parse(JSON.parse(compile(JSON.stringify(input))))
  expect(output.errors.filter(({ severity }) => severity === 'error')).toEqual([])
  const made = output.contracts[path]?.[contract]
  const data = encodeDeployData({
    abi: made?.abi as Abi,
    bytecode: `0x${made?.evm.bytecode.object ?? ''}`,
    args: args(at),
  })
  const hash = await node.request('eth_sendTransaction', [
    { from: addressOf('deployer'), data, gas: '0x1c9c380' },
  ])
  // The node answers before it has mined.
  const { contractAddress } = await receiptOf(node, hash)
  return hexSchema.parse(await node.request('eth_getCode', [contractAddress, 'latest']))
}

async function frozenAttack(kind: AttackKind): Promise<Regression> {
  const snapshot = await node.request('evm_snapshot', [])
  try {
    const { transactions } = await launchAttack(at, anvil.url, { kind, rounds: 1 })
    const attacks = transactions.map(({ hash }) => hash)
    return await freeze({ source: anvil.url, attacks, legitimate: honest.slice(0, 12) })
  } finally {
    await node.request('evm_revert', [snapshot])
  }
}

test.each(fixes)(
  'the $kind attack pays again until the fix is in, and honest transactions pass with it',
  async (fix) => {
    const frozen = await frozenAttack(fix.kind)
    expect(frozen.gains.length).toBeGreaterThan(0)
    const regression = regressionSchema.parse(JSON.parse(toJson(frozen)))
    const before = await rerun({ regression })
    const attacksOf = (runs: typeof before) => runs.filter(({ is }) => is === 'attack')
    expect(attacksOf(before)).toMatchObject([{ succeeded: true, passed: false }])
    expect(before.filter(({ is }) => is === 'legitimate').every(({ passed }) => passed)).toBe(true)
    const target = at[fix.target] as Address
    const after = await rerun({ regression, replace: new Map([[target, await fixedCode(fix)]]) })
    expect(attacksOf(after)).toMatchObject([{ passed: true }])
    expect(after.filter(({ passed }) => !passed)).toEqual([])
  },
)

test('a file that is no regression, and code that is none, are refused with the reason', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'cordon-regress-'))
  const file = join(dir, 'broken.json')
  await writeFile(file, '{"type":"regression","version":2}')
  await expect(readRegression(file)).rejects.toMatchObject({ code: 'app.RegressionUnreadable' })
  await expect(readRuntimeCode(file)).rejects.toMatchObject({ code: 'app.RegressionUnreadable' })
  await expect(readRegression(join(dir, 'nowhere'))).rejects.toMatchObject({
    code: 'app.RegressionUnreadable',
  })
  await writeFile(file, '{"deployedBytecode":{"object":"0x6001"}}')
  expect(await readRuntimeCode(file)).toBe('0x6001')
})

test('an attack whose loot went to nobody of its own is judged by what its victims lose, and is red without a fix', async () => {
  const frozen = await frozenAttack('reentrancy')
  const { gains, ...rest } = frozen
  const asset = gains[0]?.asset ?? 'native'
  const amount = gains.reduce((sum, one) => sum + one.amount, 0n)
  const regression = { ...rest, gains: [], losses: [{ account: at.ethReserve, asset, amount }] }
  const before = await rerun({ regression })
  const attack = before.find(({ is }) => is === 'attack')
  expect(attack).toMatchObject({ reproduced: true, passed: false, lost: [{ account: at.ethReserve }] })
  const [fix] = fixes
  const replace = new Map([[at.ethReserve, fix === undefined ? '0x' : await fixedCode(fix)] as const])
  const after = await rerun({ regression, replace })
  expect(after.find(({ is }) => is === 'attack')).toMatchObject({ reproduced: true, passed: true, lost: [] })
})

test('what does not come out as it was passes nothing, with a fix or without', async () => {
  const frozen = await frozenAttack('reentrancy')
  const poor = { ...frozen.prestate[at.ethReserve], balance: 0n } as Regression['prestate'][Address]
  const regression = { ...frozen, prestate: { ...frozen.prestate, [at.ethReserve]: poor } }
  for (const replace of [new Map<Address, Hex>(), new Map<Address, Hex>([[at.ethReserve, '0x60006000fd']])]) {
    const attack = (await rerun({ regression, replace })).find(({ is }) => is === 'attack')
    expect(attack).toMatchObject({ reproduced: false, passed: false })
  }
})

test('transactions that gain nothing for anybody are no attack to be frozen', async () => {
  const data = `0x095ea7b3${at.ethReserve.slice(2).padStart(64, '0')}${'1'.padStart(64, '0')}`
  const call = { from: addressOf('deployer'), to: at.usdc, data }
  const approval = hashSchema.parse(await node.request('eth_sendTransaction', [call]))
  await receiptOf(node, approval)
  const freezing = freeze({ source: anvil.url, attacks: [approval], legitimate: [] })
  await expect(freezing).rejects.toMatchObject({
    code: expect.stringMatching(/^app\.(NothingToMeasure|NotReproduced)$/),
  })
})
