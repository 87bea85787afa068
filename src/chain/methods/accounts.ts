import { z } from 'zod'
import { type Address, addressSchema } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'

/** The accounts whose keys the node has. Throws `chain.MalformedField`. */
export async function accountsOf(asker: Asker): Promise<Address[]> {
  return parsed(z.array(addressSchema), 'eth_accounts', await asker.request('eth_accounts', []))
}
