import type { Transaction } from '../../src/model/block.ts'
import { type Address, addressFromWord } from '../../src/model/hex.ts'

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/**
 * Accounts that lost something in a transaction and gained nothing in return: the others whom a protocol would protect.
 */
export function losersOf({ frames }: Pick<Transaction, 'frames'>): Set<Address> {
  const changes = new Map<string, bigint>()
  const move = (asset: string, [from, to]: readonly [Address, Address], amount: bigint): void => {
    for (const [account, change] of [
      [from, -amount],
      [to, amount],
    ] as const)
      changes.set(`${account}:${asset}`, (changes.get(`${account}:${asset}`) ?? 0n) + change)
  }
  for (const { type, reverted, value, from, to, logs } of frames) {
    if (reverted) continue
    if (type === 'CALL' && value > 0n && from !== null && to !== null) move('native', [from, to], value)
    for (const { address, topics, data } of logs) {
      const [topic, sender = '', receiver = ''] = topics
      const [a, b] = [addressFromWord(sender.slice(2)), addressFromWord(receiver.slice(2))]
      if (topic === TRANSFER && a !== undefined && b !== undefined && topics.length === 3 && data !== '0x')
        move(address, [a, b], BigInt(data.slice(0, 66)))
    }
  }
  const lost = new Set<Address>()
  const gained = new Set<Address>()
  for (const [key, change] of changes) {
    const account = key.slice(0, 42) as Address
    if (change < 0n) lost.add(account)
    if (change > 0n) gained.add(account)
  }
  return new Set([...lost].filter((account) => !gained.has(account)))
}
