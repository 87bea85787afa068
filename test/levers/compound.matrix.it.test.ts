import type { Address } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { approveAll, coins, giveTokens } from '../harness/lever-tokens.ts'
import { callTo, deploy, ourFixture, person, sendAll, type World } from '../harness/lever-world.ts'

const admin = person(0)
const guardian = person(1)
const supplier = person(2)
const borrower = person(3)
const underwater = person(4)
const liquidator = person(5)
const people = [supplier, borrower, underwater, liquidator]

async function marketOf(world: World, comptroller: Address, symbol: string): Promise<Address> {
  const token = await giveTokens(world, symbol, { people })
  const market = await deploy(world, ourFixture('LeverCToken'), { args: [comptroller, token] })
  await approveAll(world, token, { people, spender: market })
  await sendAll(world, [
    callTo(comptroller, 'list(address,uint256,uint256)', {
      args: [market, (coins(1) * 8n) / 10n, coins(1)],
    }),
  ])
  return market
}

async function compoundV2(world: World): Promise<Record<string, Trial>> {
  const comptroller = await deploy(world, ourFixture('LeverComptroller'))
  await sendAll(world, [callTo(comptroller, 'setGuardian(address)', { args: [guardian] })])
  const main = await marketOf(world, comptroller, 'MAIN')
  const falling = await marketOf(world, comptroller, 'FALL')
  const on = (market: Address, name: string, from: Address) => (amount: number) =>
    callTo(market, `${name}(uint256)`, { args: [coins(amount)], from })
  await sendAll(world, [
    on(main, 'mint', supplier)(5_000),
    on(main, 'mint', borrower)(1_000),
    on(falling, 'mint', underwater)(1_000),
    on(main, 'borrow', borrower)(100),
    on(main, 'borrow', underwater)(700),
    callTo(comptroller, 'setPrice(address,uint256)', { args: [falling, coins(1) / 2n] }),
  ])
  const trial: Trial = {
    target: comptroller,
    given: { asset: main },
    caller: guardian,
    undoBy: admin,
    operations: {
      supply: on(main, 'mint', supplier)(1),
      'top-up': on(main, 'mint', borrower)(1),
      repay: on(main, 'repayBorrow', borrower)(1),
      borrow: on(main, 'borrow', borrower)(1),
      withdraw: on(main, 'redeem', supplier)(1),
      transfer: callTo(main, 'transfer(address,uint256)', { args: [borrower, coins(1)], from: supplier }),
      liquidate: callTo(main, 'liquidateBorrow(address,uint256,address)', {
        args: [underwater, coins(1), falling],
        from: liquidator,
      }),
    },
  }
  return Object.fromEntries(V2.map((template) => [template, trial]))
}

async function compoundV3(world: World): Promise<Record<string, Trial>> {
  const base = await giveTokens(world, 'BASE', { people })
  const collateral = await giveTokens(world, 'COLL', { people })
  const comet = await deploy(world, ourFixture('LeverComet'), { args: [base, collateral, guardian] })
  for (const token of [base, collateral]) await approveAll(world, token, { people, spender: comet })
  const on = (name: string, asset: Address, from: Address) => (amount: number) =>
    callTo(comet, `${name}(address,uint256)`, { args: [asset, coins(amount)], from })
  const price = (percent: bigint) =>
    callTo(comet, 'setPrice(uint256)', { args: [(coins(1) * percent) / 100n] })
  const absorb = (account: Address) =>
    callTo(comet, 'absorb(address,address[])', { args: [liquidator, [account]], from: liquidator })
  const fourth = person(6)
  await sendAll(world, [
    on('supply', base, supplier)(5_000),
    on('supply', collateral, borrower)(5_000),
    on('withdraw', base, borrower)(100),
    on('supply', collateral, underwater)(1_000),
    on('withdraw', base, underwater)(700),
    on('supply', collateral, liquidator)(1_000),
    on('withdraw', base, liquidator)(600),
    price(60n),
    // One is absorbed already, so that there is collateral on sale.
    absorb(liquidator),
  ])
  const trial: Trial = {
    target: comet,
    caller: guardian,
    operations: {
      supply: on('supply', base, supplier)(1),
      'top-up': on('supply', collateral, borrower)(1),
      repay: on('supply', base, borrower)(1),
      borrow: on('withdraw', base, borrower)(1),
      withdraw: on('withdraw', base, supplier)(1),
      transfer: callTo(comet, 'transfer(address,uint256)', { args: [fourth, coins(1)], from: supplier }),
      trade: callTo(comet, 'buyCollateral(address,uint256,uint256,address)', {
        args: [collateral, coins(1), coins(1), supplier],
        from: supplier,
      }),
      liquidate: absorb(underwater),
    },
  }
  return Object.fromEntries(V3.map((template) => [template, trial]))
}

const V2 = ['borrow', 'borrow-cap', 'mint', 'transfer', 'seize'].map((name) => `compound-v2/${name}`)
const V3 = ['withdraw', 'outflow', 'supply', 'all'].map((name) => `compound-v3/${name}`)

leverMatrix('compound-v2', V2, compoundV2)
leverMatrix('compound-v3', V3, compoundV3)
