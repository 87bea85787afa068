import type { Asset } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFromWord, wordAt } from '../../model/hex.ts'

const BALANCE_OF: Hex = '0x70a08231'

type Read = { holder: Address; asset: Asset; balance: bigint; frame: number }

/**
 * Balances as they were before the transaction, by holder and asset: the first `balanceOf` of each, taken back by what
 * had moved until then. One pass over frames and transfers.
 */
export function balancesRead(
  tx: TransactionFacts,
  isWanted: (holder: Address) => boolean,
): Map<Address, Map<Asset, bigint>> {
  const balances = new Map<Address, Map<Asset, bigint>>()
  const reads = firstReads(tx, isWanted)
  if (reads.length === 0) return balances
  const moved = new Map(reads.map(({ holder, asset }) => [`${holder}${asset}`, 0n]))
  const transfers = tx.facts
    .filter((fact): fact is TransferFact => fact.kind === 'transfer' && fact.tokenId === null)
    .sort((a, b) => a.frame - b.frame)
  let next = transfers.findIndex(({ frame }) => frame >= -1)
  for (const { holder, asset, balance, frame } of reads) {
    for (let move = transfers[next]; move !== undefined && move.frame < frame; move = transfers[++next]) {
      add(moved, `${move.from}${move.asset}`, -move.amount)
      add(moved, `${move.to}${move.asset}`, move.amount)
    }
    const before = balance - (moved.get(`${holder}${asset}`) ?? 0n)
    const known = balances.get(holder)
    if (known === undefined) balances.set(holder, new Map<Asset, bigint>([[asset, before]]))
    else known.set(asset, before)
  }
  return balances
}

function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  const known = sums.get(key)
  if (known !== undefined) sums.set(key, known + amount)
}

function firstReads(tx: TransactionFacts, isWanted: (holder: Address) => boolean): Read[] {
  const reads = new Map<string, Read>()
  for (const { type, to, input, output, index } of tx.transaction.frames) {
    if (type !== 'STATICCALL' || to === null || !input.startsWith(BALANCE_OF)) continue
    const holder = addressFromWord(wordAt(input, 0, 10) ?? '')
    const word = wordAt(output, 0)
    if (holder === undefined || word === undefined || !isWanted(holder)) continue
    const key = `${holder}${to}`
    if (!reads.has(key)) reads.set(key, { holder, asset: to, balance: BigInt(`0x${word}`), frame: index })
  }
  return [...reads.values()]
}
