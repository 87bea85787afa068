import { encodeFunctionData } from 'viem'
import { ZERO_ADDRESS } from '../../../src/model/hex.ts'
import { type AaveMarket, openAaveV2, openAaveV3, useReserves } from '../aave-market.ts'
import { callTo, deploy, ourFixture, packaged, sendAll, type World } from '../lever-world.ts'
import { compiled, type Move, type OnPackage, type Purse } from './attack.ts'

const ETHER = 10n ** 18n
/** Of both assets, as a feed answers it. */
const FAIR = 10n ** 8n
const LENT = 100_000n * ETHER

type PutUp = OnPackage['putUp']

/** The market's own oracle asks a feed of ours that anybody may set; its two reserves hold the savings of two people. */
function attackOf(open: (world: World) => Promise<AaveMarket>): PutUp {
  return async (world, { attacker, guardian }) => {
    const market = await open(world)
    const { pool, assets, aTokens } = market
    const [collateral = ZERO_ADDRESS, loan = ZERO_ADDRESS] = assets
    const feeds = [await feedOf(world), await feedOf(world)]
    const oracle = await deploy(world, packaged('aave/core-v3', 'AaveOracle'), {
      args: [market.provider, assets, feeds, ZERO_ADDRESS, ZERO_ADDRESS, FAIR],
    })
    await sendAll(world, [
      callTo(market.provider, 'setPriceOracle(address)', { args: [oracle] }),
      market.emergencyAdmin(guardian),
    ])
    await useReserves(world, market, LENT)
    const from = attacker
    const thief = await deploy(world, ourFixture('WildFeedLoan'), {
      args: [feeds[0], pool, collateral, loan],
      from,
    })
    await sendAll(world, [
      callTo(collateral, 'mint(uint256)', { args: [2n * ETHER], from }),
      callTo(collateral, 'transfer(address,uint256)', { args: [thief, 2n * ETHER], from }),
    ])
    const { abi } = compiled('WildFeedLoan')
    const take = (amount: bigint): Move => ({
      to: thief,
      data: encodeFunctionData({ abi, functionName: 'attack', args: [amount] }),
      value: 0n,
    })
    const purse: Purse = { holder: aTokens[1] ?? ZERO_ADDRESS, token: loan, symbol: 'LOAN', decimals: 18 }
    const there = (LENT * 95n) / 100n
    return { protect: [pool], purse, attack: take((there * 6n) / 10n), again: take((there * 3n) / 10n) }
  }
}

function feedOf(world: World) {
  return deploy(world, ourFixture('WildOpenFeed'), { args: [FAIR] })
}

const story = {
  planted: 'the feed that the oracle asks for the collateral: anybody may set it',
  deed: 'a contract sets the feed a million times too high, deposits one coin, borrows the other reserve on it and sets the feed back',
} as const

/** The first version of Aave v3 with all of its contracts, roles and tokens. */
export const openFeed: OnPackage = {
  ...story,
  id: 'open-feed',
  kind: 'Aave-like (v3)',
  package: '@aave/core-v3 1.19.3',
  putUp: attackOf(openAaveV3),
}

export const openFeedV2: OnPackage = {
  ...story,
  id: 'open-feed-v2',
  kind: 'Aave-like (v2)',
  package: '@aave/protocol-v2 1.0.1',
  putUp: attackOf(openAaveV2),
}
