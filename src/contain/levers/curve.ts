import { toFunctionSelector } from 'viem'
import { readOf } from './reads.ts'
import type { LeverTemplate, Subject } from './template.ts'

/** Curve’s first pools: killed by the owner within 60 days of their deployment, never later. */
const IS_KILLED = 'is_killed()'

export const curveTemplates: readonly LeverTemplate[] = [
  {
    id: 'curve/kill',
    protocol: 'Curve',
    kind: 'pause',
    breadth: 'market',
    signature: 'kill_me()',
    recognisedBy: ['kill_me()', 'unkill_me()'],
    claims: { supply: 'blocked', trade: 'blocked', withdraw: 'open' },
    trap: 'works only before kill_deadline, 60 days after the deployment; only remove_liquidity stays open, withdrawals in one coin do not',
    tried: { on: 'fixture', what: 'contracts/levers/CurvePool.sol' },
    find: async ({ target, selectors }: Subject) => [
      {
        target,
        args: [],
        scope: 'the pool',
        // The flag has a view in a few pools only.
        state: selectors.has(toFunctionSelector(IS_KILLED))
          ? [readOf(target, `${IS_KILLED} view returns (bool)`)]
          : [],
        undo: { signature: 'unkill_me()', args: [] },
        evidence: ['kill_deadline has no view: whether it is over shows when the owner’s call is tried'],
      },
    ],
  },
]
