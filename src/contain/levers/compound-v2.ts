import type { Address } from '../../model/hex.ts'
import { addressesIn, givenAddress, numberIn, readOf } from './reads.ts'
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

const ONLY_ADMIN = 'the guardian may pause; only the admin may take it back'

type MarketLever = {
  what: 'Borrow' | 'Mint'
  trapOf(subject: Subject, market: Address): Promise<string | undefined>
}

async function ofMarkets(subject: Subject, { what, trapOf }: MarketLever): Promise<Found[]> {
  const { ask, target, given } = subject
  const wanted = givenAddress(given, 'asset')
  const listed = addressesIn(await ask(target, 'getAllMarkets() view returns (address[])'))
  const attacked = givenAddress(given, 'protected')
  const markets = attacked === undefined || listed.includes(attacked) ? listed : [attacked, ...listed]
  const signature = `_set${what}Paused(address,bool)`
  const view = `${what.toLowerCase()}GuardianPaused(address) view returns (bool)`
  return Promise.all(
    markets
      .filter((market) => wanted === undefined || market === wanted)
      .map(async (market) => {
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
