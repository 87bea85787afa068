import type { OpEffect, OperationKind } from '../../model/lever.ts'

type Effects = Partial<Record<OperationKind, OpEffect>>

/** The actions by which a holder can still save a position. */
const RESCUES = ['repay', 'top-up', 'supply', 'close'] as const

/**
 * Whether a lever leaves people liquidatable while it prevents them from saving their position: liquidation stays open
 * and repaying, topping up or closing is blocked. Undefined where it does not; an unknown effect is not a reason.
 * Supplying counts where there is no separate top-up: with pooled collateral it serves as one.
 */
export function asymmetryOf(effects: Effects): string | undefined {
  if (effects.liquidate !== 'open') return undefined
  const shut = RESCUES.filter((kind) => effects[kind] === 'blocked')
  const rescues = shut.filter((kind) => kind !== 'supply' || effects['top-up'] === undefined)
  if (rescues.length === 0 || effects.repay === 'open') return undefined
  return `people stay liquidatable and cannot ${rescues.join(' or ')}`
}

/** The other open questions before such a lever is pulled, for people. */
export function openQuestions(effects: Effects): string[] {
  if (effects.liquidate === 'blocked') return ['liquidation is blocked: bad debt may grow while prices move']
  if (effects.liquidate === 'open' && effects.repay === undefined)
    return ['nobody has tried whether people can still repay']
  return []
}
