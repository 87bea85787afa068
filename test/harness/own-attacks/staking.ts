import { keccak256, toHex } from 'viem'
import type { Address } from '../../../src/model/hex.ts'
import { calling, embody, type Move, type OnState, plantAnswer, read } from './attack.ts'

const FARM: Address = '0x633fa755a83b015cccdc451f82c57ea0bd32b4b4'
const STAKED: Address = '0x3fd4fbd7a83062942b6589a2e9e2436dd8e134d4'
/** The farm’s pool of USDT and BUSD. */
const POOL = 18n

const accomplice: Address = `0x${keccak256(toHex('another account of the attacker')).slice(-40)}`

/** Paraluni on BNB Chain: a farm that people stake pool shares in. */
export const falseStake: OnState = {
  id: 'false-stake',
  kind: 'staking',
  state: 'Paraluni',
  protect: [FARM],
  purse: { holder: FARM, token: STAKED, symbol: 'USDT-BUSD', decimals: 18 },
  planted: 'the farm’s books: two accounts of the attacker have staked nine tenths of what is there',
  deed: 'an account takes back the stake that it never made, the other follows',
  async prepare({ rpc }, attacker) {
    const staked = await read(rpc, STAKED, calling('balanceOf(address) view returns (uint256)', FARM))
    const withdraw = async (from: Address, amount: bigint): Promise<Move> => {
      await embody(rpc, from)
      const stake = calling('userInfo(uint256,address) view returns (uint256)', POOL, from)
      await plantAnswer(rpc, FARM, stake, amount)
      return { from, to: FARM, data: calling('emergencyWithdraw(uint256)', POOL), value: 0n }
    }
    return {
      attack: await withdraw(attacker, (staked * 6n) / 10n),
      again: await withdraw(accomplice, (staked * 3n) / 10n),
    }
  },
}
