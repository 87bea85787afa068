import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEndpoint } from '../chain/rpc/endpoint.ts'
import type { Anvil } from '../chain/sandbox/anvil.ts'
import { startAnvil } from '../chain/sandbox/anvil.ts'
import { addressOf } from '../drills/accounts.ts'
import { connectDrill } from '../drills/chain.ts'
import { deployDrill } from '../drills/deploy.ts'
import type { DrillDeployment } from '../drills/deployment.ts'
import { tokenBalance } from '../drills/funds.ts'
import { makeClaims, readLosses, sharedLosses, verifyClaims, writeClaims } from './reimburse.ts'

let anvil: Anvil
let at: DrillDeployment
let head: number
beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  at = await deployDrill(anvil.url)
  const endpoint = createEndpoint(anvil.url)
  head = Number(await endpoint.request('eth_blockNumber', []))
  await endpoint.close()
})
afterAll(() => anvil.stop())

const shared = (change = {}) =>
  sharedLosses({
    rpcUrl: anvil.url,
    token: at.usdc,
    block: head,
    fromBlock: 0,
    except: new Set([at.lendingMarket]),
    asset: 'native',
    amount: 1_000_000n,
    ...change,
  })

test('a loss is shared among the holders of a token, in proportion to what the chain says they hold', async () => {
  const losses = await shared()
  expect(losses.reduce((sum, { amount }) => sum + amount, 0n)).toBe(1_000_000n)
  expect(losses.map(({ account }) => account)).not.toContain(at.lendingMarket)
  const chain = await connectDrill(anvil.url)
  const balance = (account: `0x${string}`) => tokenBalance(chain, { token: at.usdc, account })
  const [one, other] = losses
  const exact =
    ((await balance(one?.account ?? '0x')) * (other?.amount ?? 0n)) / (await balance(other?.account ?? '0x'))
  expect(Math.abs(Number(exact - (one?.amount ?? 0n)))).toBeLessThanOrEqual(1)
})

test('transfers that were left out are noticed, not shared out', async () => {
  await expect(shared({ fromBlock: head })).rejects.toMatchObject({
    code: expect.stringMatching(/HoldersDisagree|NoClaims/),
  })
})

test('a file of claims is verified from itself, and one that was touched is not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'cordon-claims-'))
  const [csv, file] = [join(dir, 'losses.csv'), join(dir, 'claims.json')]
  await writeFile(
    csv,
    `account,asset,amount\n${addressOf('holder')},native,5\n${addressOf('saver')},native,7\n`,
  )
  await writeClaims(file, makeClaims(await readLosses(csv)))
  expect(await verifyClaims(file)).toBeNull()
  await writeFile(file, (await readFile(file, 'utf8')).replace('"7"', '"8"'))
  expect(await verifyClaims(file)).toMatch(/the losses give the root/)
  await writeFile(csv, 'who,what\n')
  await expect(readLosses(csv)).rejects.toMatchObject({ code: 'app.LossesUnreadable' })
})
