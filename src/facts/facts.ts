import type { BlockBundle, Frame, Log, Transaction } from '../model/block.ts'
import { NATIVE } from '../model/block.ts'
import type { BlockFacts, Fact, TransactionFacts, TransferFact } from '../model/fact.ts'
import { controlFromLog } from './control.ts'
import { assetKey, balanceDeltas } from './deltas.ts'
import { movementFromCall } from './from-calls.ts'
import { movementsFromLog, tellsOfWrap } from './from-logs.ts'
import { swapsByShape } from './swaps.ts'
import { valuationFromCall } from './valuations.ts'
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
  const facts = collect(transaction, logSource(transaction, bundle))
  const transfers = facts.filter((fact) => fact.kind === 'transfer')
  const swaps = swapsByShape(transfers, transaction.frames)
  return { transaction, facts: merge(facts, swaps), deltas: balanceDeltas(transfers) }
}

/** Logs inside frames are ordered with the calls; receipts tell the truth but not the place; calls only ask. */
type LogSource = 'frames' | 'receipts' | 'calls'

function logSource(transaction: Transaction, bundle: BlockBundle): LogSource {
  if (bundle.coverage.logs === 'frames') return 'frames'
  return transaction.logs === null ? 'calls' : 'receipts'
}

function collect(transaction: Transaction, source: LogSource): Fact[] {
  const facts: Fact[] = []
  const { frames } = transaction
  const unplaced = source === 'receipts' ? receiptFacts(transaction) : []
  walk(frames, {
    enter(frame) {
      if (frame.reverted) return
      const native = nativeTransfer(frame)
      if (native !== undefined) facts.push(native)
      const valuation = valuationFromCall(frame, frames)
      if (valuation !== undefined) facts.push(valuation)
      if (source === 'frames') return
      const asked = movementFromCall(frame, frames)
      if (asked === undefined) return
      if (source === 'calls') facts.push(asked)
      else facts.push(...place(asked, unplaced, transaction.logs ?? []))
    },
    log(log, frame) {
      if (!frame.reverted && source === 'frames') facts.push(...logFacts(log, frame.index, frames))
    },
  })
  if (frames.length === 0 && transaction.value > 0n) facts.push(...topLevelValue(transaction))
  return unplaced.length > 0 ? [...facts, ...unplaced] : facts
}

function logFacts(log: Log, frame: number, frames: readonly Frame[]): readonly Fact[] {
  const movements = movementsFromLog(log, { frame, frames })
  if (movements.length > 0) return movements
  const control = controlFromLog(log, frame)
  return control === undefined ? [] : [control]
}

function receiptFacts(transaction: Transaction): Fact[] {
  return (transaction.logs ?? []).flatMap((log) => logFacts(log, -1, transaction.frames))
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

/** Swaps stand before the transfers that they are made of. */
function merge(facts: readonly Fact[], swaps: readonly Fact[]): readonly Fact[] {
  if (swaps.length === 0) return facts
  const merged: Fact[] = []
  let next = 0
  for (const fact of facts) {
    for (let swap = swaps[next]; swap !== undefined && fact.frame >= swap.frame; swap = swaps[++next])
      merged.push(swap)
    merged.push(fact)
  }
  return [...merged, ...swaps.slice(next)]
}
