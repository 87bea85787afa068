import type { BlockBundle, Frame, Log, Transaction } from '../model/block.ts'
import { NATIVE } from '../model/block.ts'
import type { BlockFacts, Fact, TransactionFacts, TransferFact } from '../model/fact.ts'
import { actionsByShape } from './actions/by-shape.ts'
import { noneTold, readCall, readLog, type Told } from './actions/by-signature.ts'
import { type Moved, settleTold, untold } from './actions/settle.ts'
import { controlFromLog } from './control.ts'
import { assetKey, balanceDeltas } from './deltas.ts'
import { type Answers, balanceRead, noAnswers, supplyRead, transferClaimed } from './discrepancies.ts'
import { movementFromCall } from './from-calls.ts'
import { type LogPlace, movementsFromLog, tellsOfWrap } from './from-logs.ts'
import { meaningOf } from './meanings.ts'
import { swapsByShape } from './swaps.ts'
import { valuationFromCall } from './valuations.ts'
import { visitsOf } from './visits.ts'
import { walk } from './walk.ts'

/**
 * What happened in a block, in the words of value and control. Pure; linear in frames, logs and transfers × depth.
 *
 * @example
 * const facts = blockFacts(bundle)
 * facts.transactions[0]?.deltas.get(account)?.get('native') // wei gained or lost, gas not counted
 */
export function blockFacts(bundle: BlockBundle): BlockFacts {
  return { bundle, transactions: bundle.transactions.map((tx) => transactionFacts(tx, bundle)) }
}

function transactionFacts(transaction: Transaction, bundle: BlockBundle): TransactionFacts {
  if (transaction.succeeded === false) return { transaction, facts: [], deltas: new Map() }
  const { frames } = transaction
  const { facts, told } = collect(transaction, logSource(transaction, bundle))
  const transfers = facts.filter((fact) => fact.kind === 'transfer')
  const deltas = balanceDeltas(transfers)
  // A shape is two movements or more.
  if (transfers.length < 2 && told.actions.length === 0) return { transaction, facts, deltas }
  const moved = { transfers, visits: visitsOf(transfers, frames), frames }
  return { transaction, facts: withShapes(facts, told, moved), deltas }
}

/** Completes what was told, and adds what only the movements show. */
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

/** Logs inside frames are ordered with the calls; receipts tell the truth but not the place; calls only ask. */
type LogSource = 'frames' | 'receipts' | 'calls'

function logSource(transaction: Transaction, bundle: BlockBundle): LogSource {
  if (bundle.coverage.logs === 'frames') return 'frames'
  return transaction.logs === null ? 'calls' : 'receipts'
}

/** Facts in order of execution as they are found, and what is kept beside them meanwhile. */
type Notes = { facts: Fact[]; told: Told; answers: Answers; frames: readonly Frame[]; source: LogSource }

function collect(transaction: Transaction, source: LogSource): Notes {
  const { frames } = transaction
  const notes: Notes = { facts: [], told: noneTold(), answers: noAnswers(), frames, source }
  const { facts } = notes
  const unplaced = source === 'receipts' ? receiptFacts(transaction, notes) : []
  walk(frames, {
    enter(frame) {
      if (frame.reverted) return
      const native = nativeTransfer(frame)
      if (native !== undefined) facts.push(native)
      noteMeaning(frame, notes)
      if (source === 'frames') return
      const asked = movementFromCall(frame, frames)
      if (asked === undefined) return
      if (source === 'calls') facts.push(asked)
      else facts.push(...place(asked, unplaced, transaction.logs ?? []))
    },
    log(log, frame) {
      if (!frame.reverted && source === 'frames') noteLog(log, frame.index, notes)
    },
  })
  if (frames.length === 0 && transaction.value > 0n) facts.push(...topLevelValue(transaction))
  facts.push(...unplaced)
  return notes
}

/** What the called function's name tells: a price asked, a balance read, an action wished for. */
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
  const plans = source === 'calls' ? meaning.actions : meaning.silent
  if (plans.length > 0) facts.push(...readCall(frame, plans, { frames, told }))
}

/** Receipts do not say between which reads a log stands, so only logs in frames are held against answers. */
function noteLog(log: Log, frame: number, { facts, told, answers, frames }: Notes): void {
  const found = logFacts(log, { frame, frames }, told)
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

function receiptFacts(transaction: Transaction, { told }: Notes): Fact[] {
  const at = { frame: -1, frames: transaction.frames }
  return (transaction.logs ?? []).flatMap((log) => logFacts(log, at, told))
}

/**
 * Takes the logged movement that a call asked for out of the unplaced ones and puts it where the call is. WETH9 logs
 * its mints and burns in words of its own, which only the call beside them makes certain.
 */
function place(asked: TransferFact, unplaced: Fact[], logs: readonly Log[]): TransferFact[] {
  const found = unplaced.findIndex((fact) => fact.kind === 'transfer' && isSameMovement(fact, asked))
  const fact = found === -1 ? undefined : unplaced.splice(found, 1)[0]
  if (fact?.kind === 'transfer') return [{ ...fact, frame: asked.frame }]
  return logs.some((log) => tellsOfWrap(log, asked)) ? [{ ...asked, source: 'log' }] : []
}

function isSameMovement(a: TransferFact, b: TransferFact): boolean {
  if (assetKey(a) === assetKey(b)) return a.from === b.from && a.to === b.to && a.amount === b.amount
  // transferFrom of EIP-721 asks in the words of EIP-20: the amount is the id.
  return a.asset === b.asset && a.from === b.from && a.to === b.to && a.tokenId === b.amount
}

function nativeTransfer(frame: Frame): TransferFact | undefined {
  if (frame.value === 0n || frame.from === null || frame.to === null) return undefined
  if (frame.type === 'DELEGATECALL' || frame.type === 'CALLCODE' || frame.type === 'STATICCALL')
    return undefined
  return {
    kind: 'transfer',
    standard: 'native',
    asset: NATIVE,
    from: frame.from,
    to: frame.to,
    amount: frame.value,
    tokenId: null,
    frame: frame.index,
    source: 'log',
  }
}

function topLevelValue(transaction: Transaction): TransferFact[] {
  const { from, value } = transaction
  const to = transaction.to ?? transaction.contractAddress
  if (from === null || to === null) return []
  return [
    {
      kind: 'transfer',
      standard: 'native',
      asset: NATIVE,
      from,
      to,
      amount: value,
      tokenId: null,
      frame: -1,
      source: 'log',
    },
  ]
}

/** What is read by shape stands before the transfers that it is made of. */
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
