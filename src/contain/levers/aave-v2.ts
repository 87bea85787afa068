import type { Address } from '../../model/hex.ts'
import { addressesIn, addressIn, givenAddress, maskOf, numberIn, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/**
 * Aave v2 and its forks. The target is the LendingPool; the levers are on its LendingPoolConfigurator, which the addresses provider
 * names: the emergency admin pauses all of it, the pool admin freezes a reserve or ends its borrowing. Bits: `ReserveConfiguration.sol`.
 */
const POOL = ['getAddressesProvider()', 'getReservesList()', 'getConfiguration(address)', 'paused()']
const CONFIGURATION = 'getConfiguration(address) view returns (uint256)'
const FROZEN_BIT = 57
const BORROWING_BIT = 58
const STABLE_BIT = 59

const OPEN: LeverTemplate['claims'] = {
  supply: 'open',
  'top-up': 'open',
  repay: 'open',
  borrow: 'open',
  withdraw: 'open',
  transfer: 'open',
  liquidate: 'open',
}
const PAUSED: LeverTemplate['claims'] = {
  supply: 'blocked',
  'top-up': 'blocked',
  repay: 'blocked',
  borrow: 'blocked',
  withdraw: 'blocked',
  transfer: 'blocked',
  liquidate: 'blocked',
}

const base = {
  protocol: 'Aave v2',
  recognisedBy: POOL,
  tried: { on: 'package', what: '@aave/protocol-v2 1.0.1' },
} as const

export const aaveV2Templates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'aave-v2/borrowing-off',
    kind: 'pause',
    breadth: 'operation',
    signature: 'disableBorrowingOnReserve(address)',
    takes: ['asset'],
    claims: { ...OPEN, borrow: 'blocked' },
    find: (subject) => ofReserves(subject, borrowingOff),
  },
  {
    ...base,
    id: 'aave-v2/reserve-freeze',
    kind: 'freeze',
    breadth: 'asset',
    signature: 'freezeReserve(address)',
    takes: ['asset'],
    claims: { ...OPEN, supply: 'blocked', 'top-up': 'blocked', borrow: 'blocked' },
    trap: 'collateral of this asset cannot be topped up',
    find: (subject) => ofReserves(subject, freeze),
  },
  {
    ...base,
    id: 'aave-v2/pool-pause',
    kind: 'pause',
    breadth: 'system',
    signature: 'setPoolPause(bool)',
    claims: PAUSED,
    trap: 'nobody can repay or top up while prices move, and nobody is liquidated',
    find: poolPause,
  },
]

type Reserve = { pool: Address; configurator: Address; asset: Address; configuration: bigint }

/** One lever a reserve, or only that of `given.asset`. */
async function ofReserves(subject: Subject, make: (reserve: Reserve) => Found[]): Promise<Found[]> {
  const { target: pool, given, ask } = subject
  const configurator = await configuratorOf(subject)
  if (configurator === undefined) return []
  const wanted = givenAddress(given, 'asset')
  const listed = addressesIn(await ask(pool, 'getReservesList() view returns (address[])'))
  const found = await Promise.all(
    listed
      .filter((asset) => wanted === undefined || asset === wanted)
      .map(async (asset) => {
        const configuration = numberIn(await ask(pool, CONFIGURATION, [asset])) ?? 0n
        return make({ pool, configurator, asset, configuration })
      }),
  )
  return found.flat()
}

async function configuratorOf({ ask, target }: Subject): Promise<Address | undefined> {
  const provider = addressIn(await ask(target, 'getAddressesProvider() view returns (address)'))
  if (provider === undefined) return undefined
  return addressIn(await ask(provider, 'getLendingPoolConfigurator() view returns (address)'))
}

function freeze({ pool, configurator, asset }: Reserve): Found[] {
  return [
    {
      target: configurator,
      args: [asset],
      scope: `reserve ${asset}`,
      state: [readOf(pool, CONFIGURATION, { args: [asset], mask: maskOf(FROZEN_BIT, 1) })],
      undo: { signature: 'unfreezeReserve(address)', args: [asset] },
      evidence: [`${configurator} is the LendingPoolConfigurator of ${pool}`],
    },
  ]
}

/** Taken back with the stable rate as it was. */
function borrowingOff({ pool, configurator, asset, configuration }: Reserve): Found[] {
  const hasStable = ((configuration >> BigInt(STABLE_BIT)) & 1n) === 1n
  return [
    {
      target: configurator,
      args: [asset],
      scope: `reserve ${asset}`,
      state: [
        readOf(pool, CONFIGURATION, { args: [asset], mask: maskOf(BORROWING_BIT, 1), pulled: 'clear' }),
      ],
      undo: { signature: 'enableBorrowingOnReserve(address,bool)', args: [asset, hasStable] },
      evidence: [
        `${configurator} is the LendingPoolConfigurator of ${pool}`,
        `borrowing at a stable rate is ${hasStable ? 'on' : 'off'}, and comes back as it is`,
      ],
    },
  ]
}

async function poolPause(subject: Subject): Promise<Found[]> {
  const configurator = await configuratorOf(subject)
  if (configurator === undefined) return []
  return [
    {
      target: configurator,
      args: [true],
      scope: 'all reserves',
      state: [readOf(subject.target, 'paused() view returns (bool)')],
      undo: { signature: 'setPoolPause(bool)', args: [false] },
      evidence: [`${configurator} is the LendingPoolConfigurator of ${subject.target}`],
    },
  ]
}
