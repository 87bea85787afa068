import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keccak256 } from 'viem'
import { randomFrom } from '../../../bench/random.ts'
import type { Anvil } from '../../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../../src/chain/sandbox/anvil.ts'
import { drillAccount } from '../../../src/drills/accounts.ts'
import { sendAttackOnce } from '../../../src/drills/attacks.ts'
import { call } from '../../../src/drills/calls.ts'
import { connectDrill, GWEI, latestBlock, nonceOf, settle } from '../../../src/drills/chain.ts'
import { deployDrill } from '../../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../../src/drills/deployment.ts'
import { USDC } from '../../../src/drills/seed.ts'
import { systemClock } from '../../../src/kit/clock.ts'
import type { Hash, Hex } from '../../../src/model/hex.ts'
import { type Cell, type CellOutcome, openCell, type WatchedCell } from './cell.ts'
import { forwardTo } from './proxy.ts'

export type GroupOptions = {
  cells: readonly Cell[]
  /** Seconds between blocks. */
  blockSeconds: number
  /** Blocks from the fault to the attack. */
  blocksBefore: number
  seed: number
}

/** A fault that is lifted is over so many blocks before the attack. */
const LIFTED_BEFORE = 2
const RESERVE_WEI = `0x${(123n * 10n ** 18n).toString(16)}`

/**
 * Watches one chain by a Cordon a cell, each through its own node with its own fault: all well, then the fault begins and a
 * trap is mined, then an attack comes. Gives what each cell saw; what went wrong in one is in its outcome.
 */
export async function runGroup(options: GroupOptions): Promise<ReadonlyMap<Cell, CellOutcome>> {
  const { cells, blockSeconds, blocksBefore } = options
  const folder = await mkdtemp(join(tmpdir(), 'cordon-faults-'))
  const anvil = await startAnvil({ mining: { kind: 'interval', seconds: blockSeconds } })
  const watched: WatchedCell[] = []
  let other: Anvil | undefined
  try {
    const at = await deployDrill(anvil.url)
    const scene = { anvil, at, folder, blockSeconds }
    for (const cell of cells) watched.push(await openCell(cell, scene))
    await Promise.all(watched.map((it) => it.begin()))
    const trap = await signTrap(anvil, at)
    other = await forkOf(anvil, blockSeconds)
    const head = await headOf(anvil)
    const elsewhere = forwardTo(other.url)
    await Promise.all(
      watched.map((it, n) =>
        it.fail({ trap: trap.hash, head, otherFork: elsewhere, random: randomFrom(options.seed + n) }),
      ),
    )
    const trapBlock = await mined(anvil, await send(anvil, trap.raw))
    for (const it of watched) it.trapMined(trapBlock)
    await reach(anvil, trapBlock + blocksBefore - LIFTED_BEFORE)
    await Promise.all(watched.map((it) => it.lift()))
    await reach(anvil, trapBlock + blocksBefore - 1)
    const attack = await attackOnce(anvil, at)
    await Promise.all(watched.map((it) => it.attacked(attack)))
    return new Map(await Promise.all(watched.map(async (it) => [it.cell, await it.end()] as const)))
  } finally {
    await Promise.all(watched.map((it) => it.close()))
    await other?.stop()
    await anvil.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** An honest trade with calls inside calls, signed and not sent: its hash is known before its block is. */
async function signTrap(anvil: Anvil, at: DrillDeployment): Promise<{ raw: Hex; hash: Hash }> {
  const chain = await connectDrill(anvil.url)
  const trade = call('trader', at.router, 'Router', 'swap', [at.pair, at.usdc, 1_000n * USDC, 0n])
  const { baseFeePerGas } = await latestBlock(chain)
  const raw = await drillAccount('trader').signTransaction({
    type: 'eip1559',
    chainId: chain.chainId,
    nonce: await nonceOf(chain, 'trader'),
    to: at.router,
    data: trade.data,
    gas: 600_000n,
    maxFeePerGas: baseFeePerGas * 2n + GWEI,
    maxPriorityFeePerGas: GWEI,
  })
  return { raw, hash: keccak256(raw) }
}

/** Shares all but the newest blocks, and is ahead by a few. */
async function forkOf(anvil: Anvil, blockSeconds: number): Promise<Anvil> {
  const chain = await connectDrill(anvil.url)
  const { number } = await latestBlock(chain)
  const other = await startAnvil({
    mining: { kind: 'interval', seconds: blockSeconds },
    chainId: chain.chainId,
    forkUrl: anvil.url,
    forkBlock: number - 2,
  })
  await (await connectDrill(other.url)).request('anvil_mine', ['0x4'])
  return other
}

async function send(anvil: Anvil, raw: Hex): Promise<Hash> {
  const chain = await connectDrill(anvil.url)
  await chain.request('eth_sendRawTransaction', [raw])
  return keccak256(raw)
}

async function mined(anvil: Anvil, hash: Hash): Promise<number> {
  const [receipt] = await settle(await connectDrill(anvil.url), [hash])
  if (receipt === undefined) throw new Error('the trap was not mined')
  return receipt.blockNumber
}

export type Attacked = { hash: Hash; block: number; minedAt: number }

async function attackOnce(anvil: Anvil, at: DrillDeployment): Promise<Attacked> {
  const chain = await connectDrill(anvil.url)
  await chain.request('anvil_setBalance', [at.ethReserve, RESERVE_WEI])
  const hash = await sendAttackOnce(at, anvil.url, { kind: 'reentrancy' })
  const [receipt] = await settle(chain, [hash])
  if (receipt?.succeeded !== true) throw new Error('the attack did not go through')
  return { hash, block: receipt.blockNumber, minedAt: systemClock.now() }
}

async function headOf(anvil: Anvil): Promise<number> {
  return (await latestBlock(await connectDrill(anvil.url))).number
}

async function reach(anvil: Anvil, block: number): Promise<void> {
  const chain = await connectDrill(anvil.url)
  while ((await latestBlock(chain)).number < block) await systemClock.sleep(50)
}
