import { keccak256, stringToHex } from 'viem'
import type { Address, Hash, Hex } from '../../../src/model/hex.ts'
import { anAddress } from '../builders.ts'

/** A signed transaction as a node knows it. Fees in wei per gas unit. */
export type SimTransaction = {
  hash: Hash
  raw: Hex
  from: Address
  to: Address | null
  data: Hex
  value: bigint
  gas: bigint
  nonce: number
  maxFee: bigint
  tip: bigint
}

type SimState = { nonces: ReadonlyMap<Address, number>; paused: boolean }

export type SimBlock = {
  number: number
  hash: Hash
  parentHash: Hash
  timestamp: number
  baseFee: bigint
  transactions: readonly SimTransaction[]
  reverted: ReadonlySet<Hash>
  /** Pauses that changed something. */
  effective: readonly Hash[]
  state: SimState
  /** Which reorg brought it, at once with others, or came just before it; 0 otherwise. */
  reorg: number
}

/** A chain in memory with a pausable contract on it. Nothing in it looks at a real clock or at real chance. */
export type SimChain = {
  chainId: number
  random: () => number
  contract: Address
  guardian: Address
  /** Whether a second pause reverts, as OpenZeppelin's does, or does nothing. */
  pauseReverts: boolean
  blocks: SimBlock[]
  pool: Map<Hash, SimTransaction>
  /** All that ever came by: other nodes may still have it when this one has not. */
  seen: Map<Hash, SimTransaction>
  /** Mined first in the next block without ever being in the pool. */
  forced: SimTransaction[]
  baseFee: bigint
  /** Blocks to come that pass the pool over. */
  passOver: number
  made: number
  reorgs: number
  /** Blocks to come that count as the reorg's: its own and the one after. */
  fresh: number
}

export const GWEI = 1_000_000_000n
export const SELECTORS = {
  pause: '0x8456cb59',
  unpause: '0x3f4ba83a',
  paused: '0x5c975abb',
  drain: '0x9890220b',
} as const
export const FIRST_BLOCK = 1_000
export const BLOCK_SECONDS = 2
const GENESIS_TIME = 1_900_000_000

export class SimRefused extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export function createSimChain(options: {
  chainId: number
  random: () => number
  guardian: Address
  nonce: number
}): SimChain {
  const chain: SimChain = {
    chainId: options.chainId,
    random: options.random,
    contract: anAddress(options.chainId),
    guardian: options.guardian,
    pauseReverts: options.random() < 0.5,
    blocks: [],
    pool: new Map(),
    seen: new Map(),
    forced: [],
    baseFee: 10n * GWEI,
    passOver: 0,
    made: 0,
    reorgs: 0,
    fresh: 0,
  }
  const state = { nonces: new Map([[options.guardian, options.nonce]]), paused: false }
  chain.blocks.push(blockOf(chain, { transactions: [], reverted: new Set(), effective: [], state }))
  return chain
}

export function headOf(chain: SimChain): SimBlock {
  const head = chain.blocks.at(-1)
  if (head === undefined) throw new TypeError('a chain has a first block')
  return head
}

export function nonceAt(state: SimState, address: Address): number {
  return state.nonces.get(address) ?? 0
}

/** Takes a transaction into the pool by the rules of geth. Throws {@link SimRefused}. */
export function submit(chain: SimChain, transaction: SimTransaction): void {
  const { from, nonce, hash } = transaction
  const next = nonceAt(headOf(chain).state, from)
  if (nonce < next)
    throw new SimRefused(-32000, `nonce too low: next nonce ${next}, transaction nonce ${nonce}`)
  if (chain.pool.has(hash)) throw new SimRefused(-32000, 'already known')
  const rival = rivalOf(chain, transaction)
  if (rival !== undefined && !outbids(transaction, rival))
    throw new SimRefused(-32000, 'replacement transaction underpriced')
  if (rival !== undefined) chain.pool.delete(rival.hash)
  chain.pool.set(hash, transaction)
  chain.seen.set(hash, transaction)
}

function rivalOf(chain: SimChain, { from, nonce }: SimTransaction): SimTransaction | undefined {
  return [...chain.pool.values()].find((other) => other.from === from && other.nonce === nonce)
}

const outbids = (next: SimTransaction, before: SimTransaction): boolean =>
  next.maxFee * 10n >= before.maxFee * 11n && next.tip * 10n >= before.tip * 11n

/** Mines one block on the head. */
export function mine(chain: SimChain): SimBlock {
  const before = headOf(chain).state
  const draft = { nonces: new Map(before.nonces), paused: before.paused }
  const transactions: SimTransaction[] = []
  const reverted = new Set<Hash>()
  const effective: Hash[] = []
  const take = (transaction: SimTransaction): void => {
    draft.nonces.set(transaction.from, transaction.nonce + 1)
    const effect = execute(chain, draft.paused, transaction)
    if (!effect.succeeded) reverted.add(transaction.hash)
    if (effect.paused && !draft.paused) effective.push(transaction.hash)
    draft.paused = effect.paused
    transactions.push(transaction)
    chain.seen.set(transaction.hash, transaction)
  }
  for (const forced of chain.forced.splice(0)) if (forced.nonce === nonceAt(draft, forced.from)) take(forced)
  if (chain.passOver > 0) chain.passOver--
  else for (let best = bestOf(chain, draft); best !== undefined; best = bestOf(chain, draft)) take(best)
  for (const { hash, from, nonce } of [...chain.pool.values()])
    if (nonce < nonceAt(draft, from)) chain.pool.delete(hash)
  const block = blockOf(chain, { transactions, reverted, effective, state: draft })
  chain.blocks.push(block)
  return block
}

/** The transaction that pays the builder most of those that can be next. */
function bestOf(chain: SimChain, state: SimState): SimTransaction | undefined {
  const tipOf = ({ maxFee, tip }: SimTransaction): bigint =>
    maxFee - chain.baseFee < tip ? maxFee - chain.baseFee : tip
  return [...chain.pool.values()]
    .filter(({ from, nonce, maxFee }) => nonce === nonceAt(state, from) && maxFee >= chain.baseFee)
    .sort((a, b) => Number(tipOf(b) - tipOf(a)))[0]
}

/** The effect of a call on the one contract there is. */
export function execute(
  chain: Pick<SimChain, 'contract' | 'guardian' | 'pauseReverts'>,
  paused: boolean,
  { from, to, data }: { from: Address; to: Address | null; data: Hex },
): { succeeded: boolean; paused: boolean } {
  if (to !== chain.contract) return { succeeded: true, paused }
  switch (data.slice(0, 10)) {
    case SELECTORS.pause:
      if (from !== chain.guardian || (paused && chain.pauseReverts)) return { succeeded: false, paused }
      return { succeeded: true, paused: true }
    case SELECTORS.unpause:
      return { succeeded: from === chain.guardian, paused: paused && from !== chain.guardian }
    case SELECTORS.paused:
      return { succeeded: true, paused }
    case SELECTORS.drain:
      return { succeeded: !paused, paused }
    default:
      return { succeeded: false, paused }
  }
}

/**
 * Takes `depth` blocks out and mines one more instead. What was in them comes back into the pool or is lost, what other
 * nodes still have may turn up again, and the new blocks take from the pool sooner or later: all by chance.
 */
export function reorg(chain: SimChain, depth: number, keeps: { back: number; elsewhere: number }): void {
  const removed = chain.blocks.splice(Math.max(1, chain.blocks.length - depth))
  const returning = removed.flatMap(({ transactions }) => transactions)
  for (const transaction of returning) if (chain.random() < keeps.back) offer(chain, transaction)
  for (const transaction of chain.seen.values())
    if (chain.random() < keeps.elsewhere) offer(chain, transaction)
  chain.passOver = Math.floor(chain.random() * (depth + 2))
  chain.fresh = removed.length + 2
  chain.reorgs++
  for (let i = 0; i <= removed.length; i++) mine(chain)
}

function offer(chain: SimChain, transaction: SimTransaction): void {
  try {
    submit(chain, transaction)
  } catch (thrown) {
    if (!(thrown instanceof SimRefused)) throw thrown
  }
}

type Draft = Pick<SimBlock, 'transactions' | 'reverted' | 'effective' | 'state'>

function blockOf(chain: SimChain, draft: Draft): SimBlock {
  const parent = chain.blocks.at(-1)
  const isFresh = chain.fresh > 0
  if (isFresh) chain.fresh--
  const number = parent === undefined ? FIRST_BLOCK : parent.number + 1
  return {
    ...draft,
    number,
    hash: keccak256(stringToHex(`${chain.chainId}:${number}:${chain.made++}`)),
    parentHash: parent?.hash ?? keccak256(stringToHex('nothing')),
    timestamp: GENESIS_TIME + (number - FIRST_BLOCK) * BLOCK_SECONDS,
    baseFee: chain.baseFee,
    reorg: isFresh ? chain.reorgs : 0,
  }
}
