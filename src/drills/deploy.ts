import { encodePacked, getContractAddress, getCreate2Address, keccak256 } from 'viem'
import { setAutomine, setNextBlockTimestamp } from '../chain/sandbox/control.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import type { Address, Hash } from '../model/hex.ts'
import { addressOf, type DrillRole } from './accounts.ts'
import { artifact } from './artifacts.ts'
import { attackers } from './attackers.ts'
import {
  connectDrill,
  type DrillChain,
  GWEI,
  latestBlock,
  nonceOf,
  type SentTransaction,
  settle,
  signAll,
  submit,
} from './chain.ts'
import type { DrillDeployment } from './deployment.ts'
import { fundRoles } from './fund-roles.ts'
import { type DrillCall, type LimitedCall, withGasLimits } from './gas.ts'
import { attackerCalls, deployerCalls, depositCalls, permissionCalls, settlementCalls } from './seed.ts'

export type DeployOptions = {
  /** Replaces `evm_mine` if the node mines only on demand. */
  mine?: () => Promise<void>
}

/** The deployer's first transactions, in nonce order. */
const deployerOrder = [
  'usdc',
  'acme',
  'factory',
  'factory2',
  'oracle',
  'flashLender',
  'router',
  'optionsVault',
  'lendingMarket',
  'ethReserve',
] as const

const SETTLED_STRIKE = 2_000_000_000n
const LIVE_STRIKE = 1_500_000_000n
const LIVE_SECONDS = 30 * 86_400
/**
 * For transactions of different accounts that must keep their order in one block: geth orders by tip, anvil by fee cap,
 * so both decrease. Small enough for geth's maximum fee of one ether.
 */
const PHASE_TIPS = [30n * GWEI, 20n * GWEI, 10n * GWEI] as const

/**
 * Deploys and seeds the drill's protocol, exchanges, bystanders and attackers, and resolves when the first option
 * series is settled: two blocks if blocks are made on demand, about five at an interval of one second.
 * Addresses are known in advance, so nothing waits for a receipt. Throws `drill.DeployFailed`, `drill.NotMined`.
 *
 * @example
 * const anvil = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
 * const drill = await deployDrill(anvil.url)
 */
export async function deployDrill(rpcUrl: string, options: DeployOptions = {}): Promise<DrillDeployment> {
  const chain = await connectDrill(rpcUrl, options.mine)
  if (chain.mining.kind !== 'auto') return deployOn(chain)
  // One block per transaction would take seventy blocks and their timestamps: mine on demand meanwhile.
  await setAutomine(chain, false)
  try {
    return await deployOn({ ...chain, mining: { kind: 'manual' } })
  } finally {
    await setAutomine(chain, true)
  }
}

async function deployOn(chain: DrillChain): Promise<DrillDeployment> {
  await fundRoles(chain)
  const start = await latestBlock(chain)
  const guessed = await limitedPhases(chain, phasesOf(await predict(chain, start.timestamp + LIVE_SECONDS)))
  const signingSeconds = await secondsToSign(chain, guessed.flat())
  const blocks = blocksFor(start, guessed.flat())
  const expiry = start.timestamp + settlementDelay(chain, blocks) + signingSeconds
  const deployment = await predict(chain, expiry)
  const phases = withLimitsOf(guessed, phasesOf(deployment))
  await setNextTimestamp(chain, start.timestamp + 1)
  const deployed = await performInPhases(chain, phases, blocks === 1 ? 'one block' : 'several blocks')
  await reach(chain, expiry)
  const settled = await performInPhases(chain, [settlementCalls(deployment)], 'one block')
  const numbers = [...deployed, ...settled].map((sent) => sent.blockNumber)
  return { ...deployment, firstBlock: Math.min(...numbers), readyBlock: Math.max(...numbers) }
}

function phasesOf(deployment: DrillDeployment): readonly (readonly DrillCall[])[] {
  return [
    deployerCalls(deployment),
    [...permissionCalls(deployment), ...attackerCalls(deployment)],
    depositCalls(deployment),
  ]
}

/** Estimated together: later calls need earlier ones. */
async function limitedPhases(
  chain: DrillChain,
  phases: readonly (readonly DrillCall[])[],
): Promise<readonly (readonly LimitedCall[])[]> {
  const limited = await withGasLimits(chain, phases.flat())
  let next = 0
  return phases.map(({ length }) => {
    next += length
    return limited.slice(next - length, next)
  })
}

/** The same calls with another expiry use the same gas. */
function withLimitsOf(
  limited: readonly (readonly LimitedCall[])[],
  phases: readonly (readonly DrillCall[])[],
): readonly (readonly DrillCall[])[] {
  return phases.map((calls, phase) => calls.map((each, index) => ({ ...limited[phase]?.[index], ...each })))
}

/** The number of blocks that the calls fill. */
function blocksFor({ gasLimit }: { gasLimit: bigint }, calls: readonly LimitedCall[]): number {
  const likely = calls.reduce((sum, each) => sum + each.likelyGas, 0n)
  return Number(likely / gasLimit) + 1
}

/**
 * Seconds until everything is signed and sent, from the current signing speed: nothing on a machine that is not busy.
 */
async function secondsToSign(chain: DrillChain, calls: readonly LimitedCall[]): Promise<number> {
  if (chain.mining.kind !== 'interval') return 0
  const began = systemClock.now()
  await signAll(chain, calls)
  return Math.floor((3 * (systemClock.now() - began)) / 1_000)
}

/** Seconds until the first series expires: it must be written in one block and settled in a later one. */
function settlementDelay(chain: DrillChain, blocks: number): number {
  if (chain.mining.kind !== 'interval') return 2
  return (blocks === 1 ? 3 : blocks + 5) * Math.max(1, chain.mining.seconds)
}

/**
 * Each phase is in the pool before the next is sent, and pays more: so it is mined before it. If they need more than
 * one block, a call too large for the rest of a block waits and the next phase would overtake it: then each phase is
 * waited for.
 */
async function performInPhases(
  chain: DrillChain,
  phases: readonly (readonly DrillCall[])[],
  fit: 'one block' | 'several blocks',
): Promise<readonly SentTransaction[]> {
  const labels = new Map<Hash, string>()
  const { baseFeePerGas } = await latestBlock(chain)
  for (const [index, calls] of phases.entries()) {
    const tip = PHASE_TIPS[index] ?? GWEI
    const fees = { maxFeePerGas: baseFeePerGas * 2n + tip, maxPriorityFeePerGas: tip }
    const hashes = await submit(chain, calls, fees)
    for (const [place, hash] of hashes.entries()) labels.set(hash, calls[place]?.label ?? '')
    if (fit === 'several blocks') await settle(chain, hashes)
  }
  const receipts = await settle(chain, [...labels.keys()])
  const sent = receipts.map((receipt) => ({ ...receipt, label: labels.get(receipt.hash) ?? '' }))
  const failed = sent.filter((transaction) => !transaction.succeeded).map((transaction) => transaction.label)
  if (failed.length > 0) throw deployFailed(chain, failed)
  return sent
}

/** Waits, or sets the clock if blocks come on demand, so that the next block is not before `timestamp`. */
async function reach(chain: DrillChain, timestamp: number): Promise<void> {
  await setNextTimestamp(chain, timestamp)
  while (chain.mining.kind === 'interval' && (await latestBlock(chain)).timestamp < timestamp) {
    await systemClock.sleep(50)
  }
}

/** No-op if the chain's time is the wall clock's. */
async function setNextTimestamp(chain: DrillChain, timestamp: number): Promise<void> {
  if (chain.mining.kind === 'interval') return
  await setNextBlockTimestamp(chain, timestamp)
}

async function predict(chain: DrillChain, expiry: number): Promise<DrillDeployment> {
  const [deployer, ...others] = await Promise.all([
    predictAll(chain, 'deployer', deployerOrder),
    predictAll(chain, attackers.option, ['attackOption']),
    predictAll(chain, attackers.oracle, ['attackOracle']),
    predictAll(chain, attackers.reentrancy, ['attackReentrancy']),
    predictAll(chain, 'arbitrageur', ['arbBot']),
  ])
  const [option, oracle, reentrancy, bot] = others
  const tokens = [deployer.usdc, deployer.acme] as const
  return {
    chainId: chain.chainId,
    firstBlock: 0,
    readyBlock: 0,
    ...deployer,
    ...option,
    ...oracle,
    ...reentrancy,
    ...bot,
    pair: pairOf(deployer.factory, tokens),
    pair2: pairOf(deployer.factory2, tokens),
    settledSeries: { id: 0, token: created(deployer.optionsVault, 1), strike: SETTLED_STRIKE, expiry },
    liveSeries: {
      id: 1,
      token: created(deployer.optionsVault, 2),
      strike: LIVE_STRIKE,
      expiry: expiry + LIVE_SECONDS,
    },
  }
}

async function predictAll<Name extends string>(
  chain: DrillChain,
  role: DrillRole,
  names: readonly Name[],
): Promise<Record<Name, Address>> {
  const first = await nonceOf(chain, role)
  const pairs = names.map((name, index) => [name, created(addressOf(role), first + index)] as const)
  return Object.fromEntries(pairs) as Record<Name, Address>
}

function created(from: Address, nonce: number): Address {
  return getContractAddress({ from, nonce: BigInt(nonce) }).toLowerCase() as Address
}

/** Uniswap v2's CREATE2: salt is the hash of the two tokens in numeric order. */
function pairOf(factory: Address, tokens: readonly [Address, Address]): Address {
  const [low, high] = tokens[0] < tokens[1] ? tokens : [tokens[1], tokens[0]]
  const salt = keccak256(encodePacked(['address', 'address'], [low, high]))
  const bytecodeHash = keccak256(artifact('UniswapV2Pair').bytecode)
  return getCreate2Address({ from: factory, salt, bytecodeHash }).toLowerCase() as Address
}

function deployFailed(chain: DrillChain, failed: readonly string[]): CordonError {
  return new CordonError({
    code: 'drill.DeployFailed',
    message: 'Transactions of the drill deployment reverted.',
    facts: { chainId: chain.chainId, mining: chain.mining.kind, failed: failed.slice(0, 5) },
    fix: 'Start a fresh anvil and deploy again; no other client may use its test accounts at the same time.',
    retryable: true,
  })
}
