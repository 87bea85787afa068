import { keccak256, toHex } from 'viem'
import type { Address } from '../../../src/model/hex.ts'
import { act, calling, embody, type Move, type OnState, plant, putUp, read } from './attack.ts'

const POOL: Address = '0x7f90122bf0700f9e7e1f688fe926940e8839f353'
const WRAPPED: Address = '0xe91d153e0b41518a2ce8dd3d7944fa863463a97d'
const USDC: Address = '0xddafbb505ad214d7b80b1f830fccc89b60fb7a83'
/** Of Curve’s pool: the first of its coins, and until when it may be killed. */
const FIRST_COIN = BigInt(keccak256(toHex(0n, { size: 32 })))
const KILL_DEADLINE = 16n
const MONTH = 2_592_000n
const ETHER = 10n ** 18n
const TO_DOLLAR = 10n ** 12n
const trader: Address = `0x${keccak256(toHex('an ordinary trader')).slice(-40)}`

const exchange = (amount: bigint): Move => ({
  to: POOL,
  data: calling('exchange(int128,int128,uint256,uint256)', 0n, 1n, amount, 0n),
  value: 0n,
})

/** Curve’s pool of three dollars on Gnosis Chain, which stands in the state of Hundred Finance. */
export const worthlessCoin: OnState = {
  id: 'worthless-coin',
  kind: 'DEX',
  state: 'HundredFinance',
  protect: [POOL],
  purse: { holder: POOL, token: USDC, symbol: 'USDC', decimals: 6 },
  planted:
    'the pool’s first coin: the attacker’s token, which moves nothing; and the time until which the pool may be killed, which is not in the file. One ordinary trade comes before',
  deed: 'an account exchanges the worthless coin for USDC',
  async prepare({ rpc, state }, attacker) {
    await embody(rpc, trader)
    await act(rpc, trader, { to: WRAPPED, data: calling('deposit()'), value: 100n * ETHER })
    await act(rpc, trader, { to: WRAPPED, data: calling('approve(address,uint256)', POOL, 100n * ETHER) })
    await act(rpc, trader, exchange(100n * ETHER))
    const { address } = await putUp(rpc, attacker, { name: 'WildWorthless', args: [] })
    await plant(rpc, POOL, FIRST_COIN, BigInt(address))
    await plant(rpc, POOL, KILL_DEADLINE, BigInt(state.meta.block_env.timestamp) + MONTH)
    const dollars = await read(rpc, USDC, calling('balanceOf(address) view returns (uint256)', POOL))
    return {
      attack: exchange(((dollars * 6n) / 10n) * TO_DOLLAR),
      again: exchange(((dollars * 2n) / 10n) * TO_DOLLAR),
    }
  },
}
