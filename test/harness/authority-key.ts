import { toFunctionSelector } from 'viem'
import type { Rpc } from '../../src/chain/rpc/rpc.ts'
import { authorityViews } from '../../src/contain/levers/catalogue.ts'
import { resolveCode } from '../../src/contain/reading/code.ts'
import type { Address, Hex } from '../../src/model/hex.ts'

/** A slot that was overwritten so that a key of the test is the authority, for the record. */
export type Replaced = { contract: Address; view: string; slot: Hex; before: Hex }

/**
 * Makes an account the authority of a contract: for each view such as `owner()` or `admin()` overwrites the slot that
 * it reads. Only for forks; a test or table that uses it must state so.
 */
export async function takeAuthority(rpc: Rpc, contract: Address, account: Address): Promise<Replaced[]> {
  const { selectors } = await resolveCode(rpc, contract, 'latest')
  const replaced: Replaced[] = []
  for (const { signature, selector } of authorityViews) {
    if (!selectors.has(selector)) continue
    for (const slot of await slotsRead(rpc, contract, toFunctionSelector(signature))) {
      const before = String(await rpc.request('eth_getStorageAt', [contract, slot, 'latest'])) as Hex
      const after = `${before.slice(0, 26)}${account.slice(2)}`
      await rpc.request('anvil_setStorageAt', [contract, slot, after])
      if ((await answer(rpc, contract, selector)) === account) {
        replaced.push({ contract, view: signature, slot, before })
        break
      }
      await rpc.request('anvil_setStorageAt', [contract, slot, before])
    }
  }
  return replaced
}

async function slotsRead(rpc: Rpc, to: Address, data: Hex): Promise<Hex[]> {
  const made = (await rpc
    .request('eth_createAccessList', [{ to, data }, 'latest'])
    .catch(() => ({ accessList: [] }))) as { accessList: { address: string; storageKeys: Hex[] }[] }
  return made.accessList.filter(({ address }) => address.toLowerCase() === to).flatMap((it) => it.storageKeys)
}

async function answer(rpc: Rpc, to: Address, data: Hex): Promise<string> {
  const word = await rpc.request('eth_call', [{ to, data }, 'latest']).then(String, () => '0x')
  return `0x${word.slice(26).toLowerCase()}`
}
