import { keccak256, toHex } from 'viem'
import type { Address } from '../../../src/model/hex.ts'
import { act, calling, type Move, type OwnAttack, plant } from './attack.ts'

const POOL: Address = '0x7f90122bf0700f9e7e1f688fe926940e8839f353'
const WRAPPED: Address = '0xe91d153e0b41518a2ce8dd3d7944fa863463a97d'
const USDC: Address = '0xddafbb505ad214d7b80b1f830fccc89b60fb7a83'
/** Curve’s pool: its books (one word a coin), its amplification now and to be, and until when it may be killed. */
const [BOOKS, AMPLIFICATION, NEXT_AMPLIFICATION, KILL_DEADLINE] = [
  BigInt(keccak256(toHex(1n, { size: 32 }))),
  6n,
  7n,
  16n,
]
const LEAST = 100n
const ETHER = 10n ** 18n

/** Curve’s pool of three dollars on Gnosis Chain, which stands in the state of Hundred Finance. */
export const falseBooks: OwnAttack = {
  id: 'false-books',
  kind: 'DEX',
  state: 'HundredFinance',
  protect: [POOL],
  purse: { holder: POOL, token: USDC, symbol: 'USDC', decimals: 6 },
  planted:
    'the pool’s books: ten thousand times the USDC that it has, and the least amplification, so that USDC is cheap; and the time until which the pool may be killed, which is not in the file',
  deed: 'an account exchanges xDAI for USDC far below its worth',
  async prepare({ rpc, state }, attacker) {
    const booked = BigInt(String(await rpc.request('eth_getStorageAt', [POOL, toHex(BOOKS + 1n), 'latest'])))
    await plant(rpc, POOL, BOOKS + 1n, booked * 10_000n)
    for (const slot of [AMPLIFICATION, NEXT_AMPLIFICATION]) await plant(rpc, POOL, slot, LEAST)
    await plant(rpc, POOL, KILL_DEADLINE, BigInt(state.meta.block_env.timestamp) + 86_400n)
    await act(rpc, attacker, { to: WRAPPED, data: calling('deposit()'), value: 1_000_000n * ETHER })
    await act(rpc, attacker, { to: WRAPPED, data: calling('approve(address,uint256)', POOL, 10n ** 30n) })
    const exchange = (amount: bigint): Move => ({
      to: POOL,
      data: calling('exchange(int128,int128,uint256,uint256)', 0n, 1n, amount, 0n),
      value: 0n,
    })
    return { attack: exchange(20_000n * ETHER), again: exchange(5_000n * ETHER) }
  },
}
