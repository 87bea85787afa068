import type { Address, Hash, Hex } from '../../model/hex.ts'
import { required } from '../methods/answer.ts'
import { getBlock } from '../methods/get-block.ts'
import { getTransaction } from '../methods/get-transaction.ts'
import type { Rpc } from './rpc.ts'

/** A mined transaction, with its block by number and time (seconds). */
export type Mined = {
  hash: Hash
  from: Address
  to: Address | null
  input: Hex
  value: bigint
  gas: bigint
  transactionIndex: number
  blockNumber: number
  timestamp: number
}

/** Throws the node's errors, and `chain.MalformedField` where it does not have the transaction in a block. */
export async function minedTransaction(rpc: Rpc, hash: Hash): Promise<Mined> {
  const { from, to, input, value, gas, ...mined } = required(await getTransaction(rpc, hash), 'transaction')
  const blockNumber = required(mined.blockNumber, 'transaction.blockNumber')
  const transactionIndex = required(mined.transactionIndex, 'transaction.transactionIndex')
  const block = await getBlock(rpc, blockNumber)
  const timestamp = required(block?.timestamp, 'block.timestamp')
  return { hash: mined.hash, from, to, input, value, gas, transactionIndex, blockNumber, timestamp }
}
