import type { Transaction } from '../../model/block.ts'
import type { Raw } from '../trace/fields.ts'
import type { BlockHead } from './block-parts.ts'
import type { ReceiptCheck } from './block-receipts.ts'
import { headerHash, receiptsRoot, transactionsRoot } from './commitments.ts'

/**
 * Whether a block's parts match the commitments of its header, and the header its hash. Chains differ in what they
 * hash, so a mismatch counts only after the same check has held on the chain: `null` until then.
 */
export type BlockCheck = {
  header(block: BlockHead): boolean | null
  transactions(block: BlockHead): boolean | null
  receipts: ReceiptCheck
  /** Whether a transaction's calls have as many logs as its receipt: a trace with removed calls has fewer. */
  logs(transaction: Pick<Transaction, 'frames' | 'logs'>): boolean | null
}

/** After this many mismatches in a row the cause is a changed format of the chain (a hard fork), not a lying node. */
const FORMAT_CHANGED = 32

type Part = 'header' | 'transactions' | 'receipts' | 'logs'

export function createBlockCheck(): BlockCheck {
  /** Parts whose check has held, with the mismatches in a row since. */
  const held = new Map<Part, number>()
  const judge = (part: Part, outcome: boolean | null): boolean | null => {
    const mismatches = held.get(part)
    if (outcome === true) held.set(part, 0)
    if (outcome !== false || mismatches === undefined) return outcome === false ? null : outcome
    if (mismatches + 1 >= FORMAT_CHANGED) held.delete(part)
    else held.set(part, mismatches + 1)
    return false
  }
  return {
    header: (block) =>
      judge(
        'header',
        isSame(() => headerHash(block.raw), block.hash),
      ),
    transactions(block) {
      const raws = block.transactions.map(({ raw }) => raw)
      return judge('transactions', isRoot(raws, block.raw['transactionsRoot'], transactionsRoot))
    },
    receipts(block, receipts) {
      if (isEmptied(block, receipts)) return false
      return judge('receipts', isRoot(receipts, block.raw['receiptsRoot'], receiptsRoot))
    },
    logs({ frames, logs }) {
      if (logs === null || logs.length === 0 || frames.length === 0) return null
      const inCalls = frames.reduce((sum, frame) => sum + (frame.reverted ? 0 : frame.logs.length), 0)
      return judge('logs', inCalls === logs.length)
    },
  }
}

function isRoot(
  parts: readonly Raw[],
  root: unknown,
  rootOf: (parts: readonly Raw[]) => string | null,
): boolean | null {
  if (typeof root !== 'string') return null
  const whole = isSame(() => rootOf(parts), root)
  if (whole === true || parts.length === 0) return whole
  // Polygon's state-sync transaction comes last and is part of the block in RPC answers only.
  const isSameWithout = isSame(() => rootOf(parts.slice(0, -1)), root)
  return isSameWithout === true ? true : whole
}

function isSame(compute: () => string | null, expected: string): boolean | null {
  try {
    const computed = compute()
    return computed === null ? null : computed === expected
  } catch {
    // An invalid field is not judged here: its reader will reject it.
    return null
  }
}

/** The header's bloom shows logs, and no receipt has one (a bloom of all ones proves nothing: some L2s). */
function isEmptied({ raw }: BlockHead, receipts: readonly Raw[]): boolean {
  const bloom = raw['logsBloom']
  if (typeof bloom !== 'string' || /^0x0*$/.test(bloom) || /^0xf+$/i.test(bloom)) return false
  return receipts.every(({ logs }) => !Array.isArray(logs) || logs.length === 0)
}
