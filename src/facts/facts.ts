import type { BlockBundle, Frame, Log, LogSource, Transaction } from '../model/block.ts'
import { logSourceOf } from '../model/block.ts'
import type { BlockFacts, Fact, TransactionFacts, TransferFact } from '../model/fact.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'
import { actionsByShape } from './actions/by-shape.ts'
import { noneTold, readCall, readLog, type Told } from './actions/by-signature.ts'
import { type Moved, settleTold, untold } from './actions/settle.ts'
import { coinMirrorsIn, coinMoved, withoutMirrors } from './coin.ts'
import { controlFromLog } from './control.ts'
import { balanceDeltas } from './deltas.ts'
import { type Answers, balanceRead, noAnswers, supplyRead, transferClaimed } from './discrepancies.ts'
import { movementFromCall } from './from-calls.ts'
import { movementsFromLog } from './from-logs.ts'
import { meaningOf } from './meanings.ts'
import { withPlacedLogs } from './placed-logs.ts'
import { swapsByShape } from './swaps.ts'
import { type TokenKinds, tokenKindsOf } from './token-kinds.ts'
import type { LogPlace } from './transfer-log.ts'
import { valuationFromCall } from './valuations.ts'
import { visitsOf } from './visits.ts'
import { walk } from './walk.ts'

/**
 * The facts of a block, in terms of value and control. Pure; linear in frames, logs and transfers × depth.
 *
 * @example
 * const facts = blockFacts(bundle)
 * facts.transactions[0]?.deltas.get(account)?.get('native') // wei gained or lost, gas not counted
 */
export function blockFacts(bundle: BlockBundle): BlockFacts {
  const kinds = tokenKindsOf(bundle)
  const read = bundle.transactions.map((transaction) => {
    const mint = issued(transaction)
    if (transaction.succeeded === false) return { transaction, notes: null, facts: mint }
    const notes = collect(transaction, { source: logSourceOf(transaction, bundle), kinds })
    return { transaction, notes, facts: mint.length === 0 ? notes.facts : [...mint, ...notes.facts] }
  })
  const mirrors = coinMirrorsIn(read)
  const producer = bundle.miner === null ? {} : { producer: bundle.miner }
  return {
    bundle,
    transactions: read.map((it) => ({
      ...transactionFacts({ ...it, facts: withoutMirrors(it, mirrors) }),
      ...producer,
    })),
  }
}

const NO_KINDS: TokenKinds = { of: () => undefined }

/**
 * The facts that the calls of one transaction show, as if no logs had been recorded: the same for every recording mode, so that
 * numbers made of them can be compared between nodes and recordings.
 */
export function factsFromCalls(transaction: Transaction): TransactionFacts {
  if (transaction.succeeded === false) return transactionFacts({ transaction, notes: null, facts: [] })
  const notes = collect(transaction, { source: 'none', kinds: NO_KINDS })
  return transactionFacts({ transaction, notes, facts: notes.facts })
}

type Read = { transaction: Transaction; notes: Notes | null; facts: readonly Fact[] }

function transactionFacts({ transaction, notes, facts }: Read): TransactionFacts {
  const transfers = facts.filter((fact) => fact.kind === 'transfer')
  const deltas = balanceDeltas(transfers)
  // A shape needs at least two movements.
  if (notes === null || (transfers.length < 2 && notes.told.actions.length === 0))
    return { transaction, facts, deltas }
  const { frames } = transaction
  const moved = { transfers, visits: visitsOf(transfers, frames), frames }
  return { transaction, facts: withShapes(facts, notes.told, moved), deltas }
}

/** Completes the actions from signatures, and adds those that only the movements show. */
function withShapes(facts: readonly Fact[], told: Told, moved: Moved): readonly Fact[] {
  const { visits, frames } = moved
  const swaps = swapsByShape(visits, told.pools)
  const shaped = actionsByShape(visits, frames)
  if (told.actions.length === 0) return merge(facts, [...swaps, ...shaped])
  const dropped: ReadonlySet<Fact> = settleTold(told, moved)
  const actions = told.actions.filter((action) => !dropped.has(action))
  const kept = dropped.size === 0 ? facts : facts.filter((fact) => !dropped.has(fact))
  return merge(kept, [...swaps, ...untold(shaped, actions, frames)])
}

/**
 * Facts in execution order as they are found, and the intermediate data. Logs inside frames are ordered with the calls;
 * receipts are reliable but have no position; without any logs, calls are only requests.
 */
type Notes = {
  facts: Fact[]
  told: Told
  answers: Answers
  frames: readonly Frame[]
  source: LogSource
  kinds: TokenKinds
}

function collect(transaction: Transaction, { source, kinds }: Pick<Notes, 'source' | 'kinds'>): Notes {
  const { frames } = transaction
  const notes: Notes = { facts: [], told: noneTold(), answers: noAnswers(), frames, source, kinds }
  const { facts } = notes
  const placed = source === 'receipts' ? withPlacedLogs(transaction, kinds) : { frames, rest: [] }
  walk(placed.frames, {
    enter(frame) {
      if (frame.reverted) return
      const native = nativeTransfer(frame)
      if (native !== undefined) facts.push(native)
      noteMeaning(frame, notes)
      if (source === 'none') pushIf(facts, movementFromCall(frame, frames))
    },
    log(log, frame) {
      if (!frame.reverted && source !== 'none') noteLog(log, frame.index, notes)
    },
  })
  if (frames.length === 0 && transaction.value > 0n) facts.push(...topLevelValue(transaction))
  for (const log of placed.rest) noteLog(log, -1, notes)
  return notes
}

/** The meaning of the called function's name: a price query, a balance read, a requested action. */
function noteMeaning(frame: Frame, { facts, told, answers, frames, source }: Notes): void {
  if (frame.to === null || (frame.type !== 'CALL' && frame.type !== 'STATICCALL')) return
  const meaning = meaningOf(frame.input)
  if (meaning === undefined) return
  const valuation = meaning.valuation ? valuationFromCall(frame, meaning.selector, frames) : undefined
  if (valuation !== undefined) facts.push(valuation)
  if (meaning.reads !== null && source === 'frames') {
    if (meaning.reads === 'supply') supplyRead(frame, answers)
    else pushIf(facts, balanceRead(frame, answers))
  }
  const plans = source === 'none' ? meaning.actions : meaning.silent
  if (plans.length > 0) facts.push(...readCall(frame, plans, { frames, told }))
}

/** Receipts do not show between which reads a log was emitted, so only logs in frames are compared with answers. */
function noteLog(log: Log, frame: number, { facts, told, answers, frames, kinds }: Notes): void {
  const found = logFacts(log, { frame, frames, kinds }, told)
  for (const fact of found) {
    facts.push(fact)
    if (fact.kind === 'transfer') pushIf(facts, transferClaimed(fact, answers))
  }
}

function pushIf(facts: Fact[], fact: Fact | undefined): void {
  if (fact !== undefined) facts.push(fact)
}

function logFacts(log: Log, at: LogPlace, told: Told): readonly Fact[] {
  const movements = movementsFromLog(log, at)
  if (movements.length > 0) return movements
  const control = controlFromLog(log, at.frame)
  return control === undefined ? readLog(log, at, told) : [control]
}

function nativeTransfer(frame: Frame): TransferFact | undefined {
  const { type, from, to, value, index } = frame
  if (value === 0n || from === null || to === null) return undefined
  if (type === 'DELEGATECALL' || type === 'CALLCODE' || type === 'STATICCALL') return undefined
  return coinMoved({ from, to, amount: value, frame: index })
}

function topLevelValue(transaction: Transaction): TransferFact[] {
  const { from, value } = transaction
  const to = transaction.to ?? transaction.contractAddress
  return from === null || to === null ? [] : [coinMoved({ from, to, amount: value, frame: -1 })]
}

/** A deposit’s coin comes from another layer: it is issued to the sender, even where the rest fails. */
function issued({ from, mint = 0n, frames }: Transaction): TransferFact[] {
  if (from === null || mint === 0n) return []
  return [coinMoved({ from: ZERO_ADDRESS, to: from, amount: mint, frame: frames.length === 0 ? -1 : 0 })]
}

/** Actions by shape come before the transfers that they consist of. */
function merge(facts: readonly Fact[], shapes: Fact[]): readonly Fact[] {
  if (shapes.length === 0) return facts
  const swaps = shapes.sort((a, b) => a.frame - b.frame)
  const merged: Fact[] = []
  let next = 0
  for (const fact of facts) {
    for (let swap = swaps[next]; swap !== undefined && fact.frame >= swap.frame; swap = swaps[++next])
      merged.push(swap)
    merged.push(fact)
  }
  return [...merged, ...swaps.slice(next)]
}
