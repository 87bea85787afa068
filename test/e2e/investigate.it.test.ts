import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createRpc } from '../../src/chain/rpc/rpc.ts'
import { addressOf } from '../../src/drills/accounts.ts'
import { type CommandStage, openCommandStage } from '../harness/command-stage.ts'

let anvil: CommandStage['anvil']
let at: CommandStage['at']
let attackHash: CommandStage['attackHash']
let bundle: CommandStage['bundle']
let dir: CommandStage['dir']
let protect: CommandStage['protect']
let run: CommandStage['run']

beforeAll(async () => {
  const stage = await openCommandStage()
  ;({ anvil, at, attackHash, bundle, dir, protect, run } = stage)
  await stage.record()
  return () => stage.close()
})

test('an attack is investigated from a file and from a node alike', async () => {
  const fromFile = await run(['investigate', bundle, '--tx', attackHash, '--protect', protect])
  const fromNode = await run(['investigate', anvil.url, '--tx', attackHash, '--protect', protect])
  const [file] = fromFile.lines
  const [node] = fromNode.lines
  expect(file).toMatchObject({
    type: 'investigation',
    transactions: [{ hash: attackHash, succeeded: true, movementsFrom: 'logs' }],
    rootCause: { category: 'reentrancy' },
    victims: [{ address: at.ethReserve }],
  })
  // Only the file has the history that learned findings rest on, so it may point at more frames.
  const unmarked = (tree: unknown) => String(tree).replaceAll('▶', ' ')
  const treeOf = (line: Record<string, unknown> | undefined) =>
    z.object({ transactions: z.array(z.object({ tree: z.array(z.string()) })) }).parse(line).transactions[0]
      ?.tree
  expect(unmarked(treeOf(node))).toEqual(unmarked(treeOf(file)))
  expect(node?.['balanceChanges']).toEqual(file?.['balanceChanges'])
  const changes = (file?.['balanceChanges'] ?? []) as { account: string; amount: string }[]
  const loss = changes.find(({ account }) => account === at.ethReserve)
  expect(BigInt(loss?.amount ?? 0)).toBeLessThan(0n)
})

test('who deployed the attacker’s contract is told by the file’s history and by the node alike; the weak code is looked for', async () => {
  const fromFile = await run(['investigate', bundle, '--tx', attackHash, '--protect', protect])
  const options = ['--protect', protect, '--around', '2', '--addresses', `${at.usdc},${at.ethReserve}`]
  const fromNode = await run(['investigate', anvil.url, '--tx', attackHash, ...options])
  const deployerIn = (line: Record<string, unknown> | undefined) =>
    ((line?.['actors'] ?? []) as { address: string; deployer?: string }[]).find(
      ({ address }) => address === at.attackReentrancy,
    )?.deployer
  expect(deployerIn(fromFile.lines[0])).toBe(addressOf('reentrancyAttacker'))
  expect(deployerIn(fromNode.lines[0])).toBe(deployerIn(fromFile.lines[0]))
  expect(fromNode.lines[0]).toMatchObject({ scope: { siblings: [] } })
  const wrong = await run(['investigate', anvil.url, '--tx', attackHash, '--known', 'nowhere.json'])
  expect(wrong.code).not.toBe(0)
})

test('an attack is decoded by a given ABI, searched, and its storage named by a given layout', async () => {
  const { abi } = JSON.parse(await readFile('contracts/out/EthReserve.json', 'utf8')) as { abi: unknown }
  const word = { encoding: 'inplace', label: 'uint256', numberOfBytes: '32' }
  const account = { encoding: 'inplace', label: 'address', numberOfBytes: '20' }
  const shares = { encoding: 'mapping', label: 'mapping', key: 'a', value: 'u', numberOfBytes: '32' }
  const storage = Array.from({ length: 4 }, (_, n) => ({
    label: `m${n}`,
    slot: `${n}`,
    offset: 0,
    type: 'm',
  }))
  const artifact = join(dir, 'EthReserve.json')
  await writeFile(
    artifact,
    JSON.stringify({ abi, storageLayout: { storage, types: { u: word, a: account, m: shares } } }),
  )
  const { code, lines } = await run([
    ...[
      'investigate',
      anvil.url,
      '--tx',
      attackHash,
      '--protect',
      protect,
      '--find',
      'withdraw',
      '--storage',
    ],
    ...['--abi', `${at.ethReserve}=${artifact}`],
  ])
  expect(code).toBe(0)
  const [transaction] = z
    .object({
      transactions: z.array(
        z.object({
          tree: z.array(z.string()),
          calls: z.array(z.object({ source: z.string(), signature: z.string() })),
          stateChanges: z.array(
            z.object({ address: z.string(), parts: z.array(z.object({ name: z.string() })) }),
          ),
        }),
      ),
    })
    .parse(lines[0]).transactions
  expect(transaction?.tree.filter((line) => line.startsWith('»')).length).toBeGreaterThan(1)
  expect(transaction?.calls).toContainEqual(
    expect.objectContaining({ source: 'given', signature: expect.stringMatching(/^withdraw/) }),
  )
  // The stolen credit was paid in and taken out: the reserve's books end as they began.
  expect(transaction?.stateChanges.filter(({ address }) => address === at.ethReserve)).toEqual([])
  const saved = await run([
    'investigate',
    anvil.url,
    '--tx',
    await firstSaving(),
    '--storage',
    '--abi',
    `${at.ethReserve}=${artifact}`,
  ])
  expect(JSON.stringify(saved.lines[0])).toMatch(
    /"name":"m\d\[0x[0-9a-f]{40}\]","type":"uint256","before":"\d+","after":"\d+"/,
  )
})

/** A transaction in which somebody paid the reserve. */
async function firstSaving(): Promise<string> {
  const rpc = createRpc({ urls: [anvil.url] })
  const blockSchema = z.object({
    transactions: z.array(z.object({ hash: z.string(), to: z.string().nullable(), value: z.string() })),
  })
  for (let number = 1; ; number++) {
    const block = blockSchema.parse(
      await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, true]),
    )
    const paid = block.transactions.find(({ to, value }) => to === at.ethReserve && value !== '0x0')
    if (paid === undefined) continue
    await rpc.close()
    return paid.hash
  }
}
