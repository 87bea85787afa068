import { randomFrom } from '../../../bench/random.ts'
import type { DrillAccount } from '../../../src/drills/accounts.ts'
import { addressOf, drillAccount } from '../../../src/drills/accounts.ts'
import type { Address, Hash, Hex } from '../../../src/model/hex.ts'
import {
  BLOCK_SECONDS,
  createSimChain,
  GWEI,
  headOf,
  mine,
  nonceAt,
  reorg,
  SELECTORS,
  type SimChain,
  type SimTransaction,
} from './chain.ts'
import type { Fault } from './faults.ts'
import { decode } from './node.ts'

/** Everything outside Cordon, on a clock that moves only when Cordon waits or queries. */
export type World = {
  chain: SimChain
  random: () => number
  faults: readonly Fault[]
  /** Milliseconds since the epoch; the run began at `began`. */
  now: number
  began: number
  nextBlockAt: number
  happenings: Happening[]
  attack: Hash
}

type Happening = { at: number; afterSent: boolean; act: (world: World) => Promise<void> | void }

const KEEPS_MOST = { back: 0.7, elsewhere: 0.3 }
const LOSES_ALL = { back: 0, elsewhere: 0 }
const USUAL_FEE = 10n * GWEI
/** Blocks on the attack before Cordon begins: deeper than any reorg here. */
const ATTACK_DEPTH = 14

/** A chain with an attack on it, and the coming faults. */
export async function createWorld(seed: number, faults: readonly Fault[]): Promise<World> {
  const random = randomFrom(seed)
  const chainId = 1_000_000 + seed
  const nonce = Math.floor(random() * 5)
  const chain = createSimChain({ chainId, random, guardian: addressOf('guardian'), nonce })
  mine(chain)
  const attack = await signed(chain, drillAccount('optionAttacker'), {
    nonce: 0,
    to: chain.contract,
    data: SELECTORS.drain,
  })
  chain.forced.push(attack)
  for (let i = 0; i < ATTACK_DEPTH; i++) mine(chain)
  const began = headOf(chain).timestamp * 1_000
  const happenings = faults
    .flatMap((fault) => happeningsOf(fault).map((it) => ({ ...it, afterSent: fault.afterSent === true })))
    .map((it) => ({ ...it, at: it.afterSent ? it.at : began + it.at }))
    .sort((a, b) => a.at - b.at)
  const nextBlockAt = began + Math.floor(random() * BLOCK_SECONDS * 1_000)
  return { chain, random, faults, now: began, began, nextBlockAt, happenings, attack: attack.hash }
}

/** Lets time pass: blocks come and events happen when they are due. */
export async function advance(world: World, ms: number): Promise<void> {
  beginAfterSent(world)
  const until = world.now + ms
  for (;;) {
    const next = world.happenings.find(({ afterSent }) => !afterSent)
    if (next !== undefined && next.at <= Math.min(until, world.nextBlockAt)) {
      world.happenings.splice(world.happenings.indexOf(next), 1)
      world.now = Math.max(world.now, next.at)
      await next.act(world)
    } else if (world.nextBlockAt <= until) {
      world.now = Math.max(world.now, world.nextBlockAt)
      world.nextBlockAt += BLOCK_SECONDS * 1_000
      mine(world.chain)
    } else break
  }
  world.now = Math.max(world.now, until)
}

/** Starts the faults that wait for the first pause once that is in the pool. */
function beginAfterSent(world: World): void {
  const { chain, happenings, now } = world
  if (![...chain.pool.values()].some(({ from }) => from === chain.guardian)) return
  world.happenings = happenings
    .map((it) => (it.afterSent ? { ...it, at: now + it.at, afterSent: false } : it))
    .sort((a, b) => a.at - b.at)
}

/** Milliseconds since the run began. */
export function elapsed({ now, began }: World): number {
  return now - began
}

function happeningsOf({ kind, from, until, size, way }: Fault): Omit<Happening, 'afterSent'>[] {
  switch (kind) {
    case 'reorg':
      return [{ at: from, act: ({ chain }) => reorg(chain, size, way > 0.9 ? LOSES_ALL : KEEPS_MOST) }]
    case 'nonce-stolen':
      return Array.from({ length: 1 + (size % 4) }, (_, i) => ({ at: from + i * 2_700, act: steal }))
    case 'gas-spike':
      return [
        { at: from, act: priced(USUAL_FEE * BigInt(3 + Math.floor(way * 60))) },
        { at: until, act: priced(USUAL_FEE) },
      ]
    default:
      return []
  }
}

const priced =
  (baseFee: bigint) =>
  ({ chain }: World): void => {
    chain.baseFee = baseFee
  }

/** Another transaction of the guardian's key is in the next block, past every pool. */
async function steal({ chain }: World): Promise<void> {
  const { state } = headOf(chain)
  const thief = await signed(chain, drillAccount('guardian'), {
    nonce: nonceAt(state, chain.guardian) + chain.forced.length,
    to: addressOf('trader'),
    data: '0x',
  })
  chain.forced.push(thief)
}

async function signed(
  chain: SimChain,
  account: DrillAccount,
  { nonce, to, data }: { nonce: number; to: Address; data: Hex },
): Promise<SimTransaction> {
  const fees = { maxFeePerGas: 300n * GWEI, maxPriorityFeePerGas: 5n * GWEI }
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId: chain.chainId,
    nonce,
    to,
    data,
    value: data === '0x' ? 1n : 0n,
    gas: 200_000n,
    ...fees,
  })
  return decode(raw)
}
