import { addressIn, givenWord, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Axelar's Interchain Token Service: all tokens together, or the flow of one token in six hours. */
const LIMITS = 'setFlowLimits(bytes32[],uint256[])'
const FLOW_LIMIT = 'flowLimit() view returns (uint256)'
const MANAGER = 'tokenManagerAddress(bytes32) view returns (address)'
/** One base unit: the smallest value that acts as a limit. */
const LEAST = 1n
const UNLIMITED = 'a limit of 0 means UNLIMITED: the limit that blocks is 1 base unit'
const TRAP = 'both ways: what is under way to here waits too; single base units still pass'
const base = {
  protocol: 'Axelar',
  tried: { on: 'package', what: '@axelar-network/interchain-token-service 2.2.0' },
} as const

export const axelarTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'axelar/flow-limit',
    kind: 'cap',
    breadth: 'asset',
    signature: LIMITS,
    recognisedBy: [LIMITS, 'tokenManagerAddress(bytes32)', 'setPauseStatus(bool)'],
    needs: ['tokenId'],
    claims: { transfer: 'blocked' },
    zeroMeaning: UNLIMITED,
    trap: TRAP,
    find: limitFlow,
  },
  {
    ...base,
    id: 'axelar/token-flow-limit',
    kind: 'cap',
    breadth: 'asset',
    signature: 'setFlowLimit(uint256)',
    recognisedBy: ['setFlowLimit(uint256)', 'flowLimit()', 'addFlowLimiter(address)'],
    claims: { transfer: 'blocked' },
    zeroMeaning: UNLIMITED,
    trap: TRAP,
    find: limitManager,
  },
  {
    ...base,
    id: 'axelar/pause',
    kind: 'pause',
    breadth: 'system',
    signature: 'setPauseStatus(bool)',
    recognisedBy: ['setPauseStatus(bool)', LIMITS],
    claims: { transfer: 'blocked' },
    trap: 'stops this chain only: what was sent before waits, and other chains go on; limits that stand at 0 are unlimited again when it ends',
    together: ['axelar/flow-limit'],
    find: async ({ target }) => [
      {
        target,
        args: [true],
        scope: 'every token of this chain',
        state: [readOf(target, 'paused() view returns (bool)')],
        undo: { signature: 'setPauseStatus(bool)', args: [false] },
      },
    ],
  },
]

async function limitFlow({ target, ask, given }: Subject): Promise<Found[]> {
  const tokenId = givenWord(given, 'tokenId')
  const manager = addressIn(await ask(target, MANAGER, [tokenId]))
  if (tokenId === undefined || manager === undefined) return []
  const before = numberIn(await ask(manager, FLOW_LIMIT))
  if (before === undefined) return []
  return [
    {
      target,
      args: [[tokenId], [LEAST]],
      scope: `token ${tokenId}`,
      state: [readOf(manager, FLOW_LIMIT, { pulled: wordOf(LEAST) })],
      undo: { signature: LIMITS, args: [[tokenId], [before]] },
      evidence: [told(before), `kept by its manager ${manager}`],
    },
  ]
}

async function limitManager({ target, ask }: Subject): Promise<Found[]> {
  const before = numberIn(await ask(target, FLOW_LIMIT))
  if (before === undefined) return []
  return [
    {
      target,
      args: [LEAST],
      scope: 'the token of this manager',
      state: [readOf(target, FLOW_LIMIT, { pulled: wordOf(LEAST) })],
      undo: { signature: 'setFlowLimit(uint256)', args: [before] },
      evidence: [told(before)],
    },
  ]
}

function told(limit: bigint): string {
  return limit === 0n ? 'there is no limit now' : `the limit is ${limit} in six hours`
}
