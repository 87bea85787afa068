import type { Operation } from '../../contain/trials/simulate.ts'
import { isEntry } from '../../detect/lib/entries.ts'
import type { BlockBundle, Transaction } from '../../model/block.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'

/** The latest ordinary call of each function of each protected contract: a pause is tried on these. */
export type OperationMemory = Map<Address, Map<Hex, Operation>>

/** Maximum number of functions remembered for a contract. */
const MOST_FUNCTIONS = 24

/** Remembers successful state-changing calls into protected contracts; suspected transactions are left out. */
export function rememberOperations(
  memory: OperationMemory,
  bundle: BlockBundle,
  { watched, suspects }: { watched: ReadonlySet<Address>; suspects: ReadonlySet<Hash> },
): void {
  for (const transaction of bundle.transactions) {
    if (transaction.succeeded !== true || suspects.has(transaction.hash)) continue
    for (const operation of operationsOf(transaction, watched)) {
      if (operation.to !== null) keep(memory, operation.to, operation)
    }
  }
}

/** At most one operation for each function of the target, the latest. */
export function recentOperations(memory: OperationMemory, target: Address): Operation[] {
  return [...(memory.get(target)?.values() ?? [])]
}

function operationsOf({ frames }: Transaction, watched: ReadonlySet<Address>): Operation[] {
  return frames.flatMap((frame) => {
    const selector = selectorOf(frame.input)
    if (selector === undefined || frame.from === null || frame.to === null) return []
    if (!watched.has(frame.to) || !isEntry(frame, frames)) return []
    return [{ selector, from: frame.from, to: frame.to, data: frame.input, value: frame.value }]
  })
}

function keep(memory: OperationMemory, target: Address, operation: Operation): void {
  let functions = memory.get(target)
  if (functions === undefined) {
    functions = new Map()
    memory.set(target, functions)
  }
  functions.delete(operation.selector)
  functions.set(operation.selector, operation)
  if (functions.size > MOST_FUNCTIONS) {
    for (const oldest of functions.keys()) {
      functions.delete(oldest)
      break
    }
  }
}
