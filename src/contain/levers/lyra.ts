import { givenAddress, givenNumber, numberIn, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Lyra v1: the adapter pauses all markets or one, a market freezes or settles one expiry (a board). */
const MARKET_PAUSED = 'isMarketPaused(address) view returns (bool)'
const GLOBAL_PAUSED = 'isGlobalPaused() view returns (bool)'
const BOARD =
  'getOptionBoard(uint256) view returns ((uint256 id, uint256 expiry, uint256 iv, bool frozen, uint256[] strikeIds))'
const FREEZE = 'setBoardFrozen(uint256,bool)'
const SETTLE = 'forceSettleBoard(uint256)'
const STOPPED = { trade: 'blocked', close: 'blocked', liquidate: 'blocked', settle: 'blocked' } as const
const adapter = {
  protocol: 'Lyra v1',
  kind: 'pause',
  recognisedBy: ['setGlobalPaused(bool)', 'setMarketPaused(address,bool)'],
  tried: {
    on: 'package',
    what: '@lyrafinance/protocol 0.1.3-alpha, SynthetixAdapter; operations by OptionMarket’s checks in contracts/levers/Lyra.sol',
  },
} as const
const market = {
  protocol: 'Lyra v1',
  breadth: 'market',
  needs: ['boardId'],
  tried: { on: 'fixture', what: 'contracts/levers/Lyra.sol' },
} as const

export const lyraTemplates: readonly LeverTemplate[] = [
  {
    ...market,
    id: 'lyra/board-freeze',
    kind: 'freeze',
    signature: FREEZE,
    recognisedBy: [FREEZE, SETTLE],
    claims: { trade: 'blocked', close: 'blocked', liquidate: 'blocked', 'top-up': 'open', settle: 'open' },
    trap: 'nobody is liquidated; after its expiry the board is settled at the price of that moment all the same',
    find: freezeBoard,
  },
  {
    ...market,
    id: 'lyra/board-settle',
    kind: 'isolate',
    signature: SETTLE,
    recognisedBy: [FREEZE, SETTLE],
    // A person must confirm it: it is irreversible.
    needs: ['boardId', 'irreversible'],
    claims: { 'top-up': 'open' },
    trap: 'IRREVERSIBLE: the board is settled at the price of this moment, a manipulated one too; only a frozen one can be',
    find: settleBoard,
  },
  {
    ...adapter,
    id: 'lyra/market-pause',
    breadth: 'market',
    signature: 'setMarketPaused(address,bool)',
    needs: ['market'],
    claims: { ...STOPPED, withdraw: 'open', 'top-up': 'open' },
    trap: 'positions cannot be closed; expired boards wait',
    find: pauseMarket,
  },
  {
    ...adapter,
    id: 'lyra/global-pause',
    breadth: 'system',
    signature: 'setGlobalPaused(bool)',
    claims: { ...STOPPED, withdraw: 'blocked', 'top-up': 'blocked' },
    trap: 'every market that this adapter serves; liquidity providers wait too',
    find: async ({ target }) => [
      {
        target,
        args: [true],
        scope: 'every market',
        state: [readOf(target, GLOBAL_PAUSED)],
        undo: { signature: 'setGlobalPaused(bool)', args: [false] },
      },
    ],
  },
]

async function pauseMarket({ target, ask, given }: Subject): Promise<Found[]> {
  const at = givenAddress(given, 'market')
  if (at === undefined || (await ask(target, MARKET_PAUSED, [at])) === null) return []
  return [
    {
      target,
      args: [at, true],
      scope: `market ${at}`,
      state: [readOf(target, MARKET_PAUSED, { args: [at] })],
      undo: { signature: 'setMarketPaused(address,bool)', args: [at, false] },
    },
  ]
}

/** The words of a board’s answer: offset, id, expiry, iv, frozen, … */
const FROZEN_WORD = 4

async function boardOf({ target, ask, given }: Subject) {
  const id = givenNumber(given, 'boardId')
  const [board] = (await ask(target, BOARD, [id])) ?? []
  if (id === undefined || typeof board !== 'object' || board === null) return undefined
  const { id: known, expiry, frozen } = board as { id?: unknown; expiry?: unknown; frozen?: unknown }
  if (known !== id || typeof frozen !== 'boolean') return undefined
  return {
    id,
    isFrozen: frozen,
    expiry: numberIn([expiry]),
    read: readOf(target, BOARD, { args: [id], word: FROZEN_WORD }),
  }
}

async function freezeBoard(subject: Subject): Promise<Found[]> {
  const board = await boardOf(subject)
  if (board === undefined) return []
  return [
    {
      target: subject.target,
      args: [board.id, true],
      scope: `board ${board.id}`,
      state: [board.read],
      undo: { signature: FREEZE, args: [board.id, false] },
      evidence: [`it expires at timestamp ${board.expiry}`],
    },
  ]
}

async function settleBoard(subject: Subject): Promise<Found[]> {
  const board = await boardOf(subject)
  if (board === undefined || !board.isFrozen) return []
  const { id } = board
  return [
    {
      target: subject.target,
      args: [id],
      scope: `board ${id}, for ever`,
      state: [],
      evidence: ['it is frozen'],
    },
  ]
}
