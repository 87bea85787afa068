import { toFunctionSelector } from 'viem'
import type { Address } from '../../model/hex.ts'
import { addressesIn, addressIn, givenAddress, maskOf, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/**
 * Aave v3. The target is the Pool; the levers are on its PoolConfigurator, which the addresses provider names. The bits of a
 * reserve's configuration are those of `ReserveConfiguration.sol`.
 */
const POOL = ['ADDRESSES_PROVIDER()', 'getReservesList()', 'getConfiguration(address)']
const CONFIGURATION = 'getConfiguration(address) view returns (uint256)'
const FROZEN_BIT = 57
const PAUSED_BIT = 60
const CAP_BITS = 36
const BORROW_CAP_BIT = 80
const SUPPLY_CAP_BIT = 116

const PAUSED: LeverTemplate['claims'] = {
  supply: 'blocked',
  'top-up': 'blocked',
  repay: 'blocked',
  borrow: 'blocked',
  withdraw: 'blocked',
  transfer: 'blocked',
  liquidate: 'blocked',
}
const PACKAGE = { on: 'package', what: '@aave/core-v3 1.19.3' } as const
const PAUSE_TRAP = 'nobody can repay or top up while prices move; liquidation stops if either leg is paused'
/** Seconds without liquidations after an unpause; v3.1 and later, 4 h at most. */
const MOST_GRACE = 14_400
const GRACE = `taken back with ${MOST_GRACE} s of grace, in which nobody is liquidated`

const base = { protocol: 'Aave v3', recognisedBy: POOL, takes: ['asset'] } as const

export const aaveV3Templates: readonly LeverTemplate[] = [
  capTemplate({ what: 'borrow', bit: BORROW_CAP_BIT, claims: { borrow: 'blocked' } }),
  capTemplate({
    what: 'supply',
    bit: SUPPLY_CAP_BIT,
    claims: { supply: 'blocked', 'top-up': 'blocked' },
    trap: 'collateral of this asset cannot be topped up',
  }),
  {
    ...base,
    id: 'aave-v3/reserve-freeze',
    kind: 'freeze',
    breadth: 'asset',
    signature: 'setReserveFreeze(address,bool)',
    claims: { ...opened(PAUSED), supply: 'blocked', 'top-up': 'blocked', borrow: 'blocked' },
    trap: 'collateral of this asset cannot be topped up; from v3.1 on the LTV goes to 0 too, and only from then on an Emergency admin may freeze',
    tried: PACKAGE,
    find: (subject) =>
      ofReserves(subject, (place) => flagOf(place, 'setReserveFreeze(address,bool)', FROZEN_BIT)),
  },
  {
    ...base,
    id: 'aave-v3/reserve-pause',
    kind: 'pause',
    breadth: 'asset',
    signature: 'setReservePause(address,bool)',
    claims: PAUSED,
    trap: PAUSE_TRAP,
    tried: PACKAGE,
    find: (subject) =>
      ofReserves(subject, (place) => flagOf(place, 'setReservePause(address,bool)', PAUSED_BIT)),
  },
  {
    ...base,
    id: 'aave-v3/pool-pause',
    kind: 'pause',
    breadth: 'system',
    signature: 'setPoolPause(bool)',
    claims: PAUSED,
    trap: PAUSE_TRAP,
    tried: PACKAGE,
    find: poolPause,
  },
]

function opened(claims: LeverTemplate['claims']): LeverTemplate['claims'] {
  return Object.fromEntries(Object.keys(claims).map((kind) => [kind, 'open']))
}

type Cap = {
  what: 'supply' | 'borrow'
  bit: number
  claims: LeverTemplate['claims']
  trap?: string
}

/** A cap of one whole token: existing amounts above it stay, nothing is added. */
function capTemplate({ what, bit, claims, trap }: Cap): LeverTemplate {
  const signature = what === 'supply' ? 'setSupplyCap(address,uint256)' : 'setBorrowCap(address,uint256)'
  return {
    ...base,
    id: `aave-v3/${what}-cap`,
    kind: 'cap',
    breadth: 'operation',
    signature,
    claims: { ...opened(PAUSED), ...claims },
    ...(trap === undefined ? {} : { trap }),
    zeroMeaning: 'a cap of 0 means no cap: the cap that blocks is 1 whole token',
    tried: PACKAGE,
    find: (subject) =>
      ofReserves(subject, ({ configurator, asset, configuration }) => {
        const before = (configuration >> BigInt(bit)) & ((1n << BigInt(CAP_BITS)) - 1n)
        const state = [
          readOf(subject.target, CONFIGURATION, {
            args: [asset],
            mask: maskOf(bit, CAP_BITS),
            pulled: wordOf(1n << BigInt(bit)),
          }),
        ]
        const was = before === 0n ? 'none' : `${before} whole tokens`
        return {
          target: configurator,
          args: [asset, 1n],
          scope: `reserve ${asset}`,
          state,
          undo: { signature, args: [asset, before] },
          evidence: [`the ${what} cap of ${asset} was ${was}; it is overwritten`],
        }
      }),
  }
}

type Reserve = {
  pool: Address
  configurator: Address
  asset: Address
  configuration: bigint
  hasGrace: boolean
}

/** One lever per reserve, or only the lever of `given.asset`. */
async function ofReserves(subject: Subject, make: (reserve: Reserve) => Found): Promise<Found[]> {
  const { target: pool, given } = subject
  const configurator = await configuratorOf(subject)
  if (configurator === undefined) return []
  const selectors = await subject.selectorsOf(configurator)
  const hasGrace = selectors.has(toFunctionSelector('setReservePause(address,bool,uint40)'))
  const wanted = givenAddress(given, 'asset')
  const assets = (await reservesOf(subject)).filter((asset) => wanted === undefined || asset === wanted)
  return Promise.all(
    assets.map(async (asset) => {
      const configuration = numberIn(await subject.ask(pool, CONFIGURATION, [asset])) ?? 0n
      return make({ pool, configurator, asset, configuration, hasGrace })
    }),
  )
}

function reservesOf({ ask, target }: Subject): Promise<Address[]> {
  return ask(target, 'getReservesList() view returns (address[])').then((answer) => addressesIn(answer))
}

async function configuratorOf({ ask, target }: Subject): Promise<Address | undefined> {
  const provider = addressIn(await ask(target, 'ADDRESSES_PROVIDER() view returns (address)'))
  if (provider === undefined) return undefined
  return addressIn(await ask(provider, 'getPoolConfigurator() view returns (address)'))
}

function flagOf({ pool, configurator, asset, hasGrace }: Reserve, signature: string, bit: number): Found {
  const state = [readOf(pool, CONFIGURATION, { args: [asset], mask: maskOf(bit, 1) })]
  const withGrace = hasGrace && bit === PAUSED_BIT
  return {
    target: configurator,
    args: [asset, true],
    scope: `reserve ${asset}`,
    state,
    undo: withGrace
      ? { signature: 'setReservePause(address,bool,uint40)', args: [asset, false, MOST_GRACE] }
      : { signature, args: [asset, false] },
    evidence: [`${configurator} is the PoolConfigurator of ${pool}`, ...(withGrace ? [GRACE] : [])],
  }
}

async function poolPause(subject: Subject): Promise<Found[]> {
  const configurator = await configuratorOf(subject)
  if (configurator === undefined) return []
  const selectors = await subject.selectorsOf(configurator)
  const hasGrace = selectors.has(toFunctionSelector('setPoolPause(bool,uint40)'))
  const reserves = await reservesOf(subject)
  return [
    {
      target: configurator,
      args: [true],
      scope: `all ${reserves.length} reserves`,
      state: reserves.map((asset) =>
        readOf(subject.target, CONFIGURATION, { args: [asset], mask: maskOf(PAUSED_BIT, 1) }),
      ),
      undo: hasGrace
        ? { signature: 'setPoolPause(bool,uint40)', args: [false, MOST_GRACE] }
        : { signature: 'setPoolPause(bool)', args: [false] },
      evidence: [
        `${configurator} is the PoolConfigurator of ${subject.target}`,
        'reserves that are paused already are unpaused with the rest when it is taken back',
        ...(hasGrace ? [GRACE] : []),
      ],
    },
  ]
}
