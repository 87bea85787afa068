import { maxUint256 } from 'viem'
import type { Address } from '../model/hex.ts'
import { addressOf, type DrillRole, writers } from './accounts.ts'
import type { ContractName } from './artifacts.ts'
import { attackers } from './attackers.ts'
import { call, create } from './calls.ts'
import type { DrillDeployment } from './deployment.ts'
import type { DrillCall } from './gas.ts'

/** Base units of one USDC, one ACME or option, and one ether. */
export const USDC = 1_000_000n
export const ACME = 10n ** 18n
export const OPTION = 10n ** 18n
export const ETHER = 10n ** 18n

/** With a strike of 2,000 USDC every option of the settled series pays 1,600. */
const EXPIRY_PRICE = 400n * USDC
const WRITTEN_EACH = 100n * OPTION
/** The attacker's options: enough to empty four writers at 20 options per transaction in seven transactions. */
const ATTACKER_OPTIONS = 125n * OPTION
/** Raises the pair's price about ninefold; costs about 0.65 % to unwind. */
const PUMP = 2_000_000n * USDC
const STAKE = 5n * ETHER

/** Tokens, exchanges with liquidity, protocol, minted balances and the two option series: one account's nonces. */
export function deployerCalls(at: DrillDeployment): readonly DrillCall[] {
  const guardian = addressOf('guardian')
  const creation = (name: ContractName, args: readonly unknown[]): DrillCall => create('deployer', name, args)
  return [
    creation('TestToken', ['Drill Dollar', 'USDC', 6]),
    creation('TestToken', ['Acme', 'ACME', 18]),
    creation('UniswapV2Factory', [addressOf('deployer')]),
    creation('UniswapV2Factory', [addressOf('deployer')]),
    creation('ExpiryOracle', [addressOf('oracleOperator')]),
    creation('FlashLender', [at.usdc]),
    creation('Router', []),
    creation('OptionsVault', [guardian, at.usdc, at.oracle]),
    creation('LendingMarket', [guardian, at.usdc, at.acme, at.pair]),
    creation('EthReserve', [guardian]),
    ...liquidityCalls(at),
    ...mintCalls(at),
    seriesCall(at, 'PUT-SETTLED', at.settledSeries),
    seriesCall(at, 'PUT-LIVE', at.liveSeries),
  ]
}

/** Two exchanges at 10 USDC for one ACME. */
function liquidityCalls(at: DrillDeployment): readonly DrillCall[] {
  const by = (to: Address, contract: ContractName, name: string, args: readonly unknown[]): DrillCall => ({
    ...call('deployer', to, contract, name, args),
    gas: 4_000_000n,
  })
  return [
    by(at.factory, 'UniswapV2Factory', 'createPair', [at.usdc, at.acme]),
    by(at.factory2, 'UniswapV2Factory', 'createPair', [at.usdc, at.acme]),
    by(at.usdc, 'TestToken', 'mint', [[at.pair], 1_000_000n * USDC]),
    by(at.acme, 'TestToken', 'mint', [[at.pair], 100_000n * ACME]),
    by(at.usdc, 'TestToken', 'mint', [[at.pair2], 500_000n * USDC]),
    by(at.acme, 'TestToken', 'mint', [[at.pair2], 50_000n * ACME]),
    by(at.pair, 'UniswapV2Pair', 'mint', [addressOf('deployer')]),
    by(at.pair2, 'UniswapV2Pair', 'mint', [addressOf('deployer')]),
  ]
}

function mintCalls(at: DrillDeployment): readonly DrillCall[] {
  const dollars = [...writers, 'lender', 'whale', 'borrower', 'leveraged', 'liquidator', 'trader'] as const
  const acme = ['borrower', 'leveraged', 'trader'] as const
  const mint = (token: Address, to: readonly Address[], amount: bigint): DrillCall => ({
    ...call('deployer', token, 'TestToken', 'mint', [to, amount]),
    gas: 2_000_000n,
  })
  return [
    mint(at.usdc, dollars.map(addressOf), 5_000_000n * USDC),
    mint(at.acme, acme.map(addressOf), 500_000n * ACME),
    mint(at.usdc, [at.flashLender], 20_000_000n * USDC),
  ]
}

function seriesCall(at: DrillDeployment, symbol: string, series: DrillDeployment['liveSeries']): DrillCall {
  const args = [symbol, series.strike, BigInt(series.expiry)]
  return { ...call('deployer', at.optionsVault, 'OptionsVault', 'createSeries', args), gas: 3_000_000n }
}

/** Unlimited allowances of the bystanders for the contracts that they use. */
export function permissionCalls(at: DrillDeployment): readonly DrillCall[] {
  const approve = (from: DrillRole, token: Address, spender: Address): DrillCall =>
    call(from, token, 'TestToken', 'approve', [spender, maxUint256])
  return [
    ...writers.map((writer) => approve(writer, at.usdc, at.optionsVault)),
    ...(['lender', 'whale', 'borrower', 'leveraged', 'liquidator'] as const).map((role) =>
      approve(role, at.usdc, at.lendingMarket),
    ),
    approve('borrower', at.acme, at.lendingMarket),
    approve('leveraged', at.acme, at.lendingMarket),
    approve('trader', at.usdc, at.router),
    approve('trader', at.acme, at.router),
  ]
}

/** The attack contracts, each its attacker's first transaction, and the honest arbitrage bot. */
export function attackerCalls(at: DrillDeployment): readonly DrillCall[] {
  const targets = writers.map(addressOf)
  return [
    create(attackers.option, 'AttackOption', [at.optionsVault, BigInt(at.settledSeries.id), targets]),
    create(attackers.oracle, 'AttackOracle', [at.lendingMarket, at.flashLender, PUMP]),
    { ...create(attackers.reentrancy, 'AttackReentrancy', [at.ethReserve]), value: STAKE },
    create('arbitrageur', 'ArbBot', [at.usdc, at.acme]),
  ]
}

/** Deposits in the protocol: written options, lent dollars, collateral, saved ether. */
export function depositCalls(at: DrillDeployment): readonly DrillCall[] {
  const write = (writer: DrillRole, amount: bigint, to: Address): DrillCall =>
    call(writer, at.optionsVault, 'OptionsVault', 'write', [BigInt(at.settledSeries.id), amount, to])
  const market = (from: DrillRole, name: string, amount: bigint): DrillCall =>
    call(from, at.lendingMarket, 'LendingMarket', name, [amount])
  const save = (from: DrillRole): DrillCall => ({
    ...call(from, at.ethReserve, 'EthReserve', 'deposit'),
    value: 60n * ETHER,
  })
  const remainder = ATTACKER_OPTIONS - WRITTEN_EACH
  return [
    write('writerA', WRITTEN_EACH, addressOf('holder')),
    write('writerB', WRITTEN_EACH, addressOf('holder')),
    write('writerC', WRITTEN_EACH - remainder, addressOf('holder')),
    write('writerC', remainder, at.attackOption),
    write('writerD', WRITTEN_EACH, at.attackOption),
    market('lender', 'supply', 300_000n * USDC),
    market('whale', 'supply', 500_000n * USDC),
    market('borrower', 'depositCollateral', 5_000n * ACME),
    market('leveraged', 'depositCollateral', 10_000n * ACME),
    save('saver'),
    save('whale'),
  ]
}

/** The oracle's price for the first series, and the first loan. */
export function settlementCalls(at: DrillDeployment): readonly DrillCall[] {
  const price = [BigInt(at.settledSeries.expiry), EXPIRY_PRICE]
  return [
    call('oracleOperator', at.oracle, 'ExpiryOracle', 'setExpiryPrice', price),
    call('borrower', at.lendingMarket, 'LendingMarket', 'borrow', [25_000n * USDC]),
  ]
}
