import { z } from 'zod'
import type { Address } from '../model/hex.ts'
import { addressOf, type DrillRole, writers } from './accounts.ts'
import { call } from './calls.ts'
import { type DrillChain, readAmount, readView } from './chain.ts'
import type { DrillDeployment } from './deployment.ts'
import { settledPosition, tokenBalance } from './funds.ts'
import type { DrillCall } from './gas.ts'
import type { Random } from './random.ts'
import { ACME, ETHER, OPTION, USDC } from './seed.ts'
import { arbitrage, reservesOf } from './trades.ts'

/**
 * The calls of one block, built from the state of the chain before it. Their order within the block is not guaranteed,
 * so none may depend on another.
 */
export type Scene = (at: DrillDeployment, chain: DrillChain, random: Random) => Promise<readonly DrillCall[]>

const WHALE_SUPPLY = 500_000n * USDC
const WHALE_SAVINGS = 60n * ETHER

/** One round of honest traffic, the look-alikes of attacks included. */
export const scenes: readonly Scene[] = [
  deposits,
  withdrawals,
  loanToTheLimit,
  largeSale,
  liquidation,
  largeExits,
  recovery,
]

async function deposits(
  at: DrillDeployment,
  _chain: DrillChain,
  random: Random,
): Promise<readonly DrillCall[]> {
  const dollars = (): bigint => BigInt(random.between(100, 5_000)) * USDC
  const writer = writers[random.between(0, 3)] ?? 'writerA'
  const live = [BigInt(at.liveSeries.id), BigInt(random.between(1, 20)) * OPTION, addressOf('holder')]
  const listOfOne = [addressOf(random.between(0, 1) === 0 ? 'writerA' : 'writerB')]
  const exercise = [BigInt(at.settledSeries.id), BigInt(random.between(1, 5)) * OPTION, listOfOne]
  return [
    call(writer, at.optionsVault, 'OptionsVault', 'write', live),
    labelled('exercise of one writer', call('holder', at.optionsVault, 'OptionsVault', 'exercise', exercise)),
    market(at, 'lender', 'supply', dollars()),
    market(at, 'borrower', 'borrow', dollars() / 2n),
    swap(at, at.usdc, dollars()),
    { ...call('saver', at.ethReserve, 'EthReserve', 'deposit'), value: BigInt(random.between(3, 5)) * ETHER },
  ]
}

async function withdrawals(
  at: DrillDeployment,
  chain: DrillChain,
  random: Random,
): Promise<readonly DrillCall[]> {
  const owed = await marketAmount(chain, at, { name: 'debt', of: 'borrower' })
  const ether = [BigInt(random.between(1, 3)) * ETHER]
  return [
    market(at, 'lender', 'withdraw', BigInt(random.between(50, 500)) * USDC),
    market(at, 'borrower', 'repay', owed / 10n),
    market(at, 'leveraged', 'depositCollateral', 500n * ACME),
    call('saver', at.ethReserve, 'EthReserve', 'withdraw', ether),
    swap(at, at.acme, BigInt(random.between(10, 100)) * ACME),
    ...(await redemption(at, chain)),
  ]
}

async function loanToTheLimit(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const [price, owed, collateral, cash] = await Promise.all([
    readAmount(chain, { contract: 'LendingMarket', at: at.lendingMarket, name: 'collateralPrice' }),
    marketAmount(chain, at, { name: 'debt', of: 'leveraged' }),
    marketAmount(chain, at, { name: 'collateral', of: 'leveraged' }),
    tokenBalance(chain, { token: at.usdc, account: at.lendingMarket }),
  ])
  const room = (collateral * price * 749n) / (1_000n * ACME) - owed
  const loan = room < cash / 2n ? room : cash / 2n
  return loan > 0n ? [labelled('loan to the limit', market(at, 'leveraged', 'borrow', loan))] : []
}

/** Moves the price by about 12 %. */
async function largeSale(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const { acme } = await reservesOf(chain, at, at.pair)
  return [labelled('large sale', swap(at, at.acme, (acme * 65n) / 1_000n))]
}

async function liquidation(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const borrower = addressOf('leveraged')
  const view = {
    contract: 'LendingMarket',
    at: at.lendingMarket,
    name: 'isUnhealthy',
    args: [borrower],
  } as const
  const unhealthy = z.boolean().parse(await readView(chain, view))
  const owed = await marketAmount(chain, at, { name: 'debt', of: 'leveraged' })
  const liquidate = call('liquidator', at.lendingMarket, 'LendingMarket', 'liquidate', [borrower, owed / 2n])
  return [...(unhealthy ? [labelled('liquidation', liquidate)] : []), ...(await arbitrage(chain, at))]
}

/** The whale withdraws nine tenths of its deposit, as far as there is cash; the price recovers. */
async function largeExits(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const [lent, cash, saved, reserves] = await Promise.all([
    marketAmount(chain, at, { name: 'supplied', of: 'whale' }),
    tokenBalance(chain, { token: at.usdc, account: at.lendingMarket }),
    savings(chain, at),
    reservesOf(chain, at, at.pair),
  ])
  const most = (lent * 9n) / 10n
  return [
    labelled('large exit of a lender', market(at, 'whale', 'withdraw', most < cash ? most : cash)),
    labelled(
      'large exit of a saver',
      call('whale', at.ethReserve, 'EthReserve', 'withdraw', [(saved * 9n) / 10n]),
    ),
    labelled('large purchase', swap(at, at.usdc, (reserves.usdc * 5n) / 100n)),
  ]
}

/** The whale returns, and the exchanges agree on a price again. */
async function recovery(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const [lent, saved] = await Promise.all([
    marketAmount(chain, at, { name: 'supplied', of: 'whale' }),
    savings(chain, at),
  ])
  const deposit = call('whale', at.ethReserve, 'EthReserve', 'deposit')
  return [
    ...(lent < WHALE_SUPPLY ? [market(at, 'whale', 'supply', WHALE_SUPPLY - lent)] : []),
    ...(saved < WHALE_SAVINGS ? [{ ...deposit, value: WHALE_SAVINGS - saved }] : []),
    ...(await arbitrage(chain, at)),
  ]
}

/** A writer withdraws the collateral that its open options cannot claim, if there is any. */
async function redemption(at: DrillDeployment, chain: DrillChain): Promise<readonly DrillCall[]> {
  const args = [BigInt(at.settledSeries.id)]
  const [payoff, { collateral, outstanding }] = await Promise.all([
    readAmount(chain, { contract: 'OptionsVault', at: at.optionsVault, name: 'payoff', args }),
    settledPosition(chain, at, { account: addressOf('writerA') }),
  ])
  if (collateral <= (outstanding * payoff) / OPTION + 1n) return []
  return [call('writerA', at.optionsVault, 'OptionsVault', 'redeem', args)]
}

function swap(at: DrillDeployment, token: Address, amount: bigint): DrillCall {
  const side = token === at.usdc ? 'buy' : 'sell'
  return labelled(
    `swap: ${side} ACME`,
    call('trader', at.router, 'Router', 'swap', [at.pair, token, amount, 0n]),
  )
}

function market(at: DrillDeployment, from: DrillRole, name: string, amount: bigint): DrillCall {
  return call(from, at.lendingMarket, 'LendingMarket', name, [amount])
}

function labelled(label: string, inner: DrillCall): DrillCall {
  return { ...inner, label }
}

function marketAmount(
  chain: DrillChain,
  at: DrillDeployment,
  query: { name: 'debt' | 'collateral' | 'supplied'; of: DrillRole },
): Promise<bigint> {
  const args = [addressOf(query.of)]
  return readAmount(chain, { contract: 'LendingMarket', at: at.lendingMarket, name: query.name, args })
}

function savings(chain: DrillChain, at: DrillDeployment): Promise<bigint> {
  const args = [addressOf('whale')]
  return readAmount(chain, { contract: 'EthReserve', at: at.ethReserve, name: 'balanceOf', args })
}
