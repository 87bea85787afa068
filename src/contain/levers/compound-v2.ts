import type { Address } from '../../model/hex.ts'
import { addressesIn, givenAddress, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Compound v2: the target is the Comptroller. The guardian may pause; only the admin may take it back. */
const WAD = 10n ** 18n
const OPEN: LeverTemplate['claims'] = {
  supply: 'open',
  'top-up': 'open',
  repay: 'open',
  borrow: 'open',
  withdraw: 'open',
  transfer: 'open',
  liquidate: 'open',
}
const DEPRECATED =
  'this market has collateral factor 0 and reserve factor 100 %: with borrowing paused it counts as deprecated, and EVERY borrow in it is liquidatable at once'

const SET_CAPS = '_setMarketBorrowCaps(address[],uint256[])'
const base = {
  protocol: 'Compound v2',
  kind: 'pause',
  takes: ['asset', 'protected'],
  tried: { on: 'fixture', what: 'contracts/levers/CompoundV2.sol' },
} as const

export const compoundV2Templates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'compound-v2/borrow',
    breadth: 'operation',
    signature: '_setBorrowPaused(address,bool)',
    recognisedBy: ['_setBorrowPaused(address,bool)', 'borrowGuardianPaused(address)', 'getAllMarkets()'],
    claims: { ...OPEN, borrow: 'blocked' },
    trap: 'with collateral factor 0 and reserve factor 100 % every borrow of the market becomes liquidatable at once',
    find: (subject) => ofMarkets(subject, { what: 'Borrow', trapOf: deprecatedTrap }),
  },
  {
    ...base,
    id: 'compound-v2/borrow-cap',
    kind: 'cap',
    breadth: 'operation',
    signature: SET_CAPS,
    recognisedBy: [SET_CAPS, 'borrowCaps(address)', 'getAllMarkets()'],
    claims: { ...OPEN, borrow: 'blocked' },
    zeroMeaning: 'a cap of 0 means no cap: the cap that blocks is 1 base unit',
    find: borrowCaps,
  },
  {
    ...base,
    id: 'compound-v2/mint',
    breadth: 'operation',
    signature: '_setMintPaused(address,bool)',
    recognisedBy: ['_setMintPaused(address,bool)', 'mintGuardianPaused(address)', 'getAllMarkets()'],
    claims: { ...OPEN, supply: 'blocked', 'top-up': 'blocked' },
    trap: 'collateral of this market cannot be topped up while liquidations go on',
    find: (subject) => ofMarkets(subject, { what: 'Mint', trapOf: async () => undefined }),
  },
  {
    ...base,
    id: 'compound-v2/transfer',
    breadth: 'system',
    signature: '_setTransferPaused(bool)',
    recognisedBy: ['_setTransferPaused(bool)', 'transferGuardianPaused()'],
    claims: { ...OPEN, transfer: 'blocked' },
    find: async ({ target }) => [ofSystem(target, 'Transfer')],
  },
  {
    ...base,
    id: 'compound-v2/seize',
    breadth: 'system',
    signature: '_setSeizePaused(bool)',
    recognisedBy: ['_setSeizePaused(bool)', 'seizeGuardianPaused()'],
    claims: { ...OPEN, liquidate: 'blocked' },
    trap: 'bad debt grows while it lasts',
    find: async ({ target }) => [ofSystem(target, 'Seize')],
  },
]

/** The admin’s or the borrow cap guardian’s; unlike the pause it never makes a market count as deprecated. */
async function borrowCaps(subject: Subject): Promise<Found[]> {
  const { ask, target } = subject
  const view = 'borrowCaps(address) view returns (uint256)'
  return Promise.all(
    (await marketsOf(subject)).map(async (market) => {
      const before = numberIn(await ask(target, view, [market])) ?? 0n
      return {
        target,
        args: [[market], [1n]],
        scope: `market ${market}`,
        state: [readOf(target, view, { args: [market], pulled: wordOf(1n) })],
        undo: { signature: SET_CAPS, args: [[market], [before]] },
        evidence: [`the borrow cap of ${market} was ${before === 0n ? 'none' : before}; it is overwritten`],
      }
    }),
  )
}

const ONLY_ADMIN = 'the guardian may pause; only the admin may take it back'

type MarketLever = {
  what: 'Borrow' | 'Mint'
  trapOf(subject: Subject, market: Address): Promise<string | undefined>
}

async function ofMarkets(subject: Subject, { what, trapOf }: MarketLever): Promise<Found[]> {
  const { target } = subject
  const signature = `_set${what}Paused(address,bool)`
  const view = `${what.toLowerCase()}GuardianPaused(address) view returns (bool)`
  return Promise.all(
    (await marketsOf(subject)).map(async (market) => {
      const trap = await trapOf(subject, market)
      return {
        target,
        args: [market, true],
        scope: `market ${market}`,
        state: [readOf(target, view, { args: [market] })],
        undo: { signature, args: [market, false] },
        evidence: [ONLY_ADMIN],
        ...(trap === undefined ? {} : { trap }),
      }
    }),
  )
}

/** The attacked one first: old comptrollers list none. */
async function marketsOf({ ask, target, given }: Subject): Promise<Address[]> {
  const wanted = givenAddress(given, 'asset')
  const listed = addressesIn(await ask(target, 'getAllMarkets() view returns (address[])'))
  const attacked = givenAddress(given, 'protected')
  const markets = attacked === undefined || listed.includes(attacked) ? listed : [attacked, ...listed]
  return markets.filter((market) => wanted === undefined || market === wanted)
}

/** Comptroller.isDeprecated, as it would answer once borrowing is paused. */
async function deprecatedTrap({ ask, target }: Subject, market: Address): Promise<string | undefined> {
  const [listing, reserve] = await Promise.all([
    ask(target, 'markets(address) view returns (bool, uint256, bool)', [market]),
    ask(market, 'reserveFactorMantissa() view returns (uint256)'),
  ])
  return numberIn(listing, 1) === 0n && numberIn(reserve) === WAD ? DEPRECATED : undefined
}

function ofSystem(target: Address, what: 'Transfer' | 'Seize'): Found {
  return {
    target,
    args: [true],
    scope: 'all markets',
    state: [readOf(target, `${what.toLowerCase()}GuardianPaused() view returns (bool)`)],
    undo: { signature: `_set${what}Paused(bool)`, args: [false] },
    evidence: [ONLY_ADMIN],
  }
}
