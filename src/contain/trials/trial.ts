import { ifMalformed } from '../../chain/methods/answer.ts'
import { getFullBlock } from '../../chain/methods/get-block.ts'
import type { RpcTransaction } from '../../chain/methods/get-transaction.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { AssetChange } from '../../model/finding.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { Fees } from '../sending/fees.ts'
import { lossesIn } from './losses.ts'
import type { BlockContext, CallResult, Sequencer, SimulatedCall } from './sequence.ts'

/** An attack that can be tried again unchanged: its call, the calls before it in its block, and the block itself. */
export type Trial = {
  call: SimulatedCall
  /** Transactions before it in its block, oldest first. Empty where it is pending, or where the block is not known. */
  before: readonly SimulatedCall[]
  /** Null where it is pending, or where the block is not known. */
  within: BlockContext | null
  /** Protected contracts of the incident. */
  owned: readonly Address[]
  /**
   * The amounts that detection saw it take, base units: a run that takes much less does not reproduce it. Empty where
   * nothing is on record.
   */
  recorded: readonly AssetChange[]
  /** Whether its senders pay the base fee: tried only where it does not work otherwise. */
  isStrict?: boolean
}

type Scene = Pick<Trial, 'before' | 'within'>
const NONE: Scene = { before: [], within: null }

/**
 * The block of a mined transaction as far as the node knows it: the transactions before it, and the parts of the block
 * that the EVM could read.
 */
export async function sceneOf(rpc: Rpc, { hash, block }: { hash: Hash; block: number }): Promise<Scene> {
  const found = await getFullBlock(rpc, block).catch(ifMalformed(null))
  if (found === null) return NONE
  const { number, timestamp, baseFeePerGas, gasLimit, miner, mixHash, transactions } = found
  if (number === null || timestamp === null || gasLimit === null || miner === null) return NONE
  const at = transactions.findIndex((transaction) => transaction.hash === hash)
  if (at < 0) return NONE
  return {
    before: transactions.slice(0, at).map(callOf),
    within: {
      number,
      timestamp,
      baseFee: baseFeePerGas,
      gasLimit: Number(gasLimit),
      coinbase: miner,
      prevRandao: mixHash,
    },
  }
}

/** The call that a transaction made. */
export function callOf(sent: RpcTransaction): SimulatedCall & { fees: Fees } {
  const { from, to, input, value, gas, accessList } = sent
  const list = accessList === null || accessList.length === 0 ? {} : { accessList }
  return { from, to, data: input, value, gas: Number(gas), fees: feesOf(sent), ...list }
}

/** The fees that a transaction offers, wei per gas unit: attacks may depend on `tx.gasprice`. */
function feesOf(sent: Pick<RpcTransaction, 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>): Fees {
  const legacy = sent.gasPrice ?? 0n
  return {
    maxFeePerGas: sent.maxFeePerGas ?? legacy,
    maxPriorityFeePerGas: sent.maxPriorityFeePerGas ?? legacy,
  }
}

/** The result of an attack without a lever, on the state before it. */
export type Reproduced = {
  /** With as few preceding calls as it needs. */
  trial: Trial
  succeeded: boolean
  losses: readonly AssetChange[]
  /** Null where it takes what it took; else why it is not a valid measure, for people. */
  doubt: string | null
}

/**
 * Reproductions, by trial and block: the state of a past block does not change, and each run costs time in which the
 * attacker continues.
 */
const reproductions = new WeakMap<Trial, Map<number, Reproduced>>()

/**
 * Runs an attack without a lever: alone, then after the transactions that its own accounts sent before it, then after
 * its whole block, until it takes what it took on the chain; on any state other than the one before its block it runs
 * in a present block. Returns the closest result, with the remaining doubt.
 */
export async function reproduce(sequencer: Sequencer, block: number, trial: Trial): Promise<Reproduced> {
  const byBlock = reproductions.get(trial) ?? new Map<number, Reproduced>()
  reproductions.set(trial, byBlock)
  const known = byBlock.get(block)
  if (known !== undefined) return known
  const found = await reproduceNow(sequencer, block, trial)
  if (found.doubt === null) byBlock.set(block, found)
  return found
}

async function reproduceNow(sequencer: Sequencer, block: number, trial: Trial): Promise<Reproduced> {
  const isThere = trial.within?.number === block + 1
  const fit = isThere ? trial : { ...trial, before: relatedTo(trial), within: null }
  let best: Reproduced | undefined
  for (const beginning of beginnings(fit)) {
    const found = await attempt(sequencer, block, { ...fit, ...beginning })
    if (found.doubt === null) return found
    if (best === undefined || isCloser(found, best)) best = found
  }
  return best ?? { trial, succeeded: false, losses: [], doubt: 'it could not be run' }
}

/** The preceding calls from its own accounts, or to the same targets. */
function relatedTo({ call, before, owned }: Trial): SimulatedCall[] {
  const near = new Set<Address | null>([call.from, call.to, ...owned])
  return before.filter(({ from, to }) => near.has(from) || (to !== null && near.has(to)))
}

function beginnings(trial: Trial): Pick<Trial, 'before' | 'isStrict'>[] {
  const { before, within } = trial
  const related = relatedTo(trial)
  const wider = [related, before].filter(({ length }) => length > 0)
  const all = [[], ...(related.length === before.length ? wider.slice(0, 1) : wider)]
  const widest = all.at(-1) ?? []
  const strict = within === null || within.baseFee === null ? [] : [{ before: widest, isStrict: true }]
  return [...all.map((calls) => ({ before: calls })), ...strict]
}

async function attempt(sequencer: Sequencer, block: number, trial: Trial): Promise<Reproduced> {
  try {
    const result = await runTrial(sequencer, { block, trial, pulls: [] })
    const succeeded = result?.succeeded === true
    const losses = lossesOf(trial, result)
    return { trial, succeeded, losses, doubt: doubtOf({ trial, succeeded, losses }) }
  } catch (thrown) {
    return { trial, succeeded: false, losses: [], doubt: `the node could not run it: ${String(thrown)}` }
  }
}

/** The losses that a result of a trial causes; nothing where it reverted. */
export function lossesOf({ call, owned }: Trial, result: CallResult | undefined): AssetChange[] {
  if (result?.succeeded !== true) return []
  const attackers = [call.from, ...(call.to === null || owned.includes(call.to) ? [] : [call.to])]
  return lossesIn(result.movements, { owned, attackers })
}

/** A trial reproduces the record where it takes nine tenths of it: prices move with the preceding transactions. */
function doubtOf({ trial, succeeded, losses }: Omit<Reproduced, 'doubt'>): string | null {
  if (!succeeded) return 'it does not go through by itself on the state before it'
  const isShort = trial.recorded.some(
    ({ account, asset, amount }) =>
      trial.owned.includes(account) && amountIn(losses, { account, asset }) * 10n < amount * 9n,
  )
  return isShort ? 'it takes less on the state before it than it took on the chain' : null
}

function amountIn(losses: readonly AssetChange[], of: Pick<AssetChange, 'account' | 'asset'>): bigint {
  return losses.find(({ account, asset }) => account === of.account && asset === of.asset)?.amount ?? 0n
}

function isCloser(a: Reproduced, b: Reproduced): boolean {
  if (a.losses.length !== b.losses.length) return a.losses.length > b.losses.length
  return a.losses.some((loss) => loss.amount > amountIn(b.losses, loss))
}

/** Runs a trial after the calls that pull a lever; undefined if the node returns none. Throws the node's errors. */
export async function runTrial(
  sequencer: Sequencer,
  { block, trial, pulls }: { block: number; trial: Trial; pulls: readonly SimulatedCall[] },
): Promise<CallResult | undefined> {
  const { call, before, within, isStrict = false } = trial
  // a delay of the chain ends after the attack's block: the calls after it are in a block of another time
  const isDelayed = pulls.some(({ laterBy }) => laterBy !== undefined)
  const calls = [...pulls, ...before, pulls.length === 0 ? call : withRoom(call, within)]
  const results = await sequencer.run(block, calls, isDelayed ? undefined : { within, isStrict })
  return results[calls.length - 1]
}

/**
 * Whether an attack works on the state after `block` once `pulls` have run: it takes part of the recorded loss, or,
 * where nothing is recorded, it succeeds. Null where the node cannot run it.
 */
export async function takesAgain(
  sequencer: Sequencer,
  { block, trial, pulls }: { block: number; trial: Trial; pulls: readonly SimulatedCall[] },
): Promise<boolean | null> {
  const now = { ...trial, before: relatedTo(trial), within: null }
  const result = await runTrial(sequencer, { block, trial: now, pulls }).catch(() => undefined)
  if (result === undefined) return null
  if (!result.succeeded) return false
  const takes = trial.recorded.filter(({ account }) => trial.owned.includes(account))
  if (takes.length === 0) return true
  const losses = lossesOf(now, result)
  return takes.some((taken) => amountIn(losses, taken) * 100n > taken.amount)
}

/** Gas that a pull may use in a block that was full without it. */
const PULL_GAS = 1_000_000

/** A block has one gas limit, and the attack may be designed to fill it. */
function withRoom(call: SimulatedCall, within: BlockContext | null): SimulatedCall {
  if (within === null || call.gas === undefined) return call
  return {
    ...call,
    gas: Math.min(call.gas, Math.max(within.gasLimit - PULL_GAS, Math.floor(within.gasLimit / 2))),
  }
}
