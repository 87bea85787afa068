import { addressIn, givenAddress, givenWord, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** MakerDAO: the targets are OsmMom, ClipperMom and ESM. */
const FIXTURE = { on: 'fixture', what: 'contracts/levers/Maker.sol' } as const
/** Clipper: 3 stops new auctions, resets and bids; 2 stops new auctions and resets. */
const EVERYTHING = 3n
const TRIPPED = 2n
const BREAKER = 'setBreaker(address,uint256,uint256)'
const STOPPED = 'stopped() view returns (uint256)'

const base = { protocol: 'Maker', tried: FIXTURE } as const

export const makerTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'maker/stop-price',
    kind: 'feed',
    breadth: 'asset',
    signature: 'stop(bytes32)',
    recognisedBy: ['stop(bytes32)', 'osms(bytes32)'],
    needs: ['ilk'],
    claims: {},
    trap: 'only the next price is kept out: the price in force stays in force, and vaults go on at it',
    find: stopPrice,
  },
  {
    ...base,
    id: 'maker/auction-breaker',
    kind: 'pause',
    breadth: 'asset',
    signature: BREAKER,
    recognisedBy: [BREAKER, 'tripBreaker(address)'],
    needs: ['clip'],
    claims: { liquidate: 'blocked' },
    trap: 'bad debt grows while no vault is liquidated',
    find: (subject) => breakerOf(subject, setBreaker),
  },
  {
    ...base,
    id: 'maker/auction-trip',
    kind: 'pause',
    breadth: 'asset',
    signature: 'tripBreaker(address)',
    recognisedBy: [BREAKER, 'tripBreaker(address)'],
    needs: ['clip'],
    claims: { liquidate: 'blocked' },
    trap: 'anybody may, and only while the price falls more than is tolerated; bids on running auctions go on',
    find: (subject) => breakerOf(subject, tripBreaker),
  },
  {
    ...base,
    id: 'maker/emergency-shutdown',
    kind: 'isolate',
    breadth: 'system',
    signature: 'fire()',
    recognisedBy: ['fire()', 'Sum()', 'min()', 'end()'],
    // A person must confirm it: it is irreversible.
    needs: ['irreversible'],
    claims: {
      supply: 'blocked',
      'top-up': 'blocked',
      repay: 'blocked',
      borrow: 'blocked',
      withdraw: 'blocked',
      liquidate: 'blocked',
      settle: 'open',
    },
    trap: 'IRREVERSIBLE: it ends the protocol, and the tokens that called for it are burnt',
    find: shutDown,
  },
]

async function stopPrice({ ask, target, given }: Subject): Promise<Found[]> {
  const ilk = givenWord(given, 'ilk')
  const osm = addressIn(await ask(target, 'osms(bytes32) view returns (address)', [ilk]))
  if (osm === undefined || /^0x0+$/.test(osm)) return []
  return [
    {
      target,
      args: [ilk],
      scope: `the price of ${ilk}`,
      state: [readOf(osm, STOPPED)],
      evidence: [`${osm} is the OSM of ${ilk}; taken back by start() on it, by its wards`],
    },
  ]
}

type Breaker = Pick<Found, 'args' | 'undo' | 'evidence'> & { level: bigint }

async function breakerOf(
  { ask, target, given }: Subject,
  make: (clip: `0x${string}`, before: bigint) => Breaker,
): Promise<Found[]> {
  const clip = givenAddress(given, 'clip')
  if (clip === undefined) return []
  const before = numberIn(await ask(clip, STOPPED))
  if (before === undefined) return []
  const { level, ...made } = make(clip, before)
  return [
    {
      target,
      scope: `the auctions of ${clip}`,
      state: [readOf(clip, STOPPED, { pulled: wordOf(level) })],
      ...made,
    },
  ]
}

function setBreaker(clip: `0x${string}`, before: bigint): Breaker {
  return {
    level: EVERYTHING,
    args: [clip, EVERYTHING, 0n],
    undo: { signature: BREAKER, args: [clip, before, 0n] },
    evidence: [`the breaker stood at ${before}`],
  }
}

function tripBreaker(clip: `0x${string}`, before: bigint): Breaker {
  return {
    level: TRIPPED,
    args: [clip],
    undo: { signature: BREAKER, args: [clip, before, 0n] },
    evidence: [`the breaker stood at ${before}; only the owner or the authority takes it back`],
  }
}

async function shutDown({ ask, target }: Subject): Promise<Found[]> {
  const [sum, min, end] = await Promise.all([
    ask(target, 'Sum() view returns (uint256)').then(numberIn),
    ask(target, 'min() view returns (uint256)').then(numberIn),
    ask(target, 'end() view returns (address)').then(addressIn),
  ])
  if (sum === undefined || min === undefined || end === undefined) return []
  return [
    {
      target,
      args: [],
      scope: 'the whole protocol, for ever',
      state: [readOf(end, 'live() view returns (uint256)', { pulled: 'clear' })],
      evidence: [`${sum} of ${min} base units have called for it`],
    },
  ]
}
