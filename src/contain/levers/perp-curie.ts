import { givenAddress, numberIn, readOf, secondsIn } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Perpetual Protocol v2 (Curie): a market is its BaseToken, which opens once and cannot reopen. */
const MAX_TICKS = 'setMaxTickCrossedWithinBlock(address,uint24)'
const TICKS_VIEW = 'getMaxTickCrossedWithinBlock(address) view returns (uint24)'
const WAIT_SECONDS = 432_000n
const base = { protocol: 'Perp Curie', breadth: 'market' } as const
const MARKET = ['getPausedIndexPrice()', 'getPausedTimestamp()', 'isOpen()', 'isClosed()'] as const

export const perpCurieTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'perp-curie/trading-stop',
    kind: 'cap',
    signature: MAX_TICKS,
    recognisedBy: [MAX_TICKS, 'getMaxTickCrossedWithinBlock(address)'],
    needs: ['baseToken'],
    claims: { trade: 'blocked', close: 'blocked', liquidate: 'blocked', withdraw: 'open' },
    zeroMeaning: 'a limit of 0 stops every swap; any other only bounds how far the price moves in a block',
    trap: 'liquidations are swaps too: they stop, and so does closing',
    tried: { on: 'fixture', what: 'contracts/levers/PerpCurie.sol' },
    find: stopTrading,
  },
  {
    ...base,
    id: 'perp-curie/market-pause',
    kind: 'isolate',
    signature: 'pause()',
    recognisedBy: ['pause()', 'close(uint256)', ...MARKET],
    // A person must confirm it: it is irreversible.
    needs: ['irreversible'],
    claims: { trade: 'blocked', close: 'blocked', liquidate: 'blocked', withdraw: 'open' },
    trap: 'IRREVERSIBLE: the market never opens again; its index price is frozen at the mean of the last 15 minutes, manipulated ones too; after 5 days anybody may close it at that price',
    tried: {
      on: 'package',
      what: '@perp/curie-contract 2.8.4, BaseToken; operations by ClearingHouse’s checks in contracts/levers/PerpCurie.sol',
    },
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'the market, for ever',
        state: [readOf(target, 'isOpen() view returns (bool)', { pulled: 'clear' })],
      },
    ],
  },
  {
    ...base,
    id: 'perp-curie/market-close',
    kind: 'isolate',
    signature: 'close()',
    recognisedBy: ['close()', 'close(uint256)', ...MARKET],
    needs: ['irreversible'],
    claims: { withdraw: 'open' },
    trap: 'IRREVERSIBLE: positions are settled at the price that was frozen; the owner may close at another price, and sooner',
    tried: {
      on: 'package',
      what: '@perp/curie-contract 2.8.4, BaseToken; operations by ClearingHouse’s checks in contracts/levers/PerpCurie.sol',
    },
    find: closeMarket,
  },
]

async function stopTrading({ target, ask, given }: Subject): Promise<Found[]> {
  const token = givenAddress(given, 'baseToken')
  const before = numberIn(await ask(target, TICKS_VIEW, [token]))
  if (token === undefined || before === undefined) return []
  return [
    {
      target,
      args: [token, 0],
      scope: `the market of ${token}`,
      state: [readOf(target, TICKS_VIEW, { args: [token], pulled: 'clear' })],
      undo: { signature: MAX_TICKS, args: [token, Number(before)] },
      evidence: [`the limit is ${before} ticks a block`],
    },
  ]
}

async function closeMarket({ target, ask }: Subject): Promise<Found[]> {
  const [isPaused] = (await ask(target, 'isPaused() view returns (bool)')) ?? []
  const since = secondsIn(await ask(target, 'getPausedTimestamp() view returns (uint256)'))
  if (isPaused !== true || since === undefined) return []
  const price = numberIn(await ask(target, 'getPausedIndexPrice() view returns (uint256)'))
  return [
    {
      target,
      args: [],
      scope: 'the paused market, for ever',
      state: [readOf(target, 'isClosed() view returns (bool)')],
      evidence: [`anybody may after timestamp ${BigInt(since) + WAIT_SECONDS}, at ${price}`],
    },
  ]
}
