import { readOf } from './reads.ts'
import type { LeverTemplate } from './template.ts'

/** Derive v2: a manager's guardian pauses the users' own actions, an asset's owner freezes a perpetual. */
const PAUSE = 'setAdjustmentsPaused(bool)'
const base = {
  protocol: 'Derive v2',
  tried: { on: 'fixture', what: 'contracts/levers/DeriveV2.sol' },
} as const

export const deriveTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'derive/adjustments-pause',
    kind: 'pause',
    breadth: 'contract',
    signature: PAUSE,
    recognisedBy: [PAUSE, 'adjustmentsPaused()', 'guardian()'],
    claims: {
      trade: 'blocked',
      withdraw: 'blocked',
      'top-up': 'blocked',
      liquidate: 'open',
      settle: 'open',
    },
    trap: 'liquidations go on while nobody can top up; only accounts of this manager',
    find: async ({ target }) => [
      {
        target,
        args: [true],
        scope: 'accounts of this manager',
        state: [readOf(target, 'adjustmentsPaused() view returns (bool)')],
        undo: { signature: PAUSE, args: [false] },
      },
    ],
  },
  {
    ...base,
    id: 'derive/perp-disable',
    kind: 'isolate',
    breadth: 'market',
    signature: 'disable()',
    recognisedBy: ['disable()', 'isDisabled()', 'applyFundingOnAccount(uint256)'],
    // A person must confirm it: it is irreversible.
    needs: ['irreversible'],
    claims: { settle: 'open' },
    trap: 'IRREVERSIBLE: the mark of this moment is frozen, a manipulated one too, and positions are settled at it',
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'the perpetual, for ever',
        state: [readOf(target, 'isDisabled() view returns (bool)')],
      },
    ],
  },
]
