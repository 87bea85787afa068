import { traceTransaction } from '../chain/methods/trace-transaction.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { fetchStateChanges } from '../chain/rpc/state-changes.ts'
import { framesFromStructLog } from '../chain/trace/struct-log.ts'
import type { Suspect } from '../forensics/investigate.ts'
import { namedChanges } from '../forensics/storage/changes.ts'
import { messageOf } from '../kit/error.ts'
import type { Frame, Transaction } from '../model/block.ts'
import type { Investigation } from '../model/investigation.ts'
import type { AbiSource } from '../names/abi-sources.ts'

export type StorageOptions = { suspects: readonly Suspect[]; abis: readonly AbiSource[]; rpc: Rpc }

/** Adds the storage changes to each transaction; if the node does not report them, `unexplained` states it. */
export async function withStorage(
  found: Investigation,
  { suspects, abis, rpc }: StorageOptions,
): Promise<Investigation> {
  const layouts = new Map(
    abis.flatMap(({ address, layout }) =>
      address === null || layout === null ? [] : [[address, layout] as const],
    ),
  )
  const unexplained = [...found.unexplained]
  const transactions = []
  for (const [i, investigated] of found.transactions.entries()) {
    const transaction = suspects[i]?.tx.transaction
    if (transaction === undefined) continue
    try {
      const changes = await fetchStateChanges(rpc, transaction.hash)
      const frames = await framesWithStorage(rpc, transaction)
      transactions.push({ ...investigated, stateChanges: namedChanges({ changes, frames, layouts }) })
    } catch (thrown) {
      unexplained.push(`${transaction.hash}: the node does not tell its storage: ${messageOf(thrown)}`)
      transactions.push(investigated)
    }
  }
  return { ...found, transactions, unexplained }
}

/** Frames with their accesses from struct logs; without them if the node has none, or more than an answer may have. */
async function framesWithStorage(rpc: Rpc, transaction: Transaction): Promise<readonly Frame[]> {
  const { hash, from, to, input, value, contractAddress } = transaction
  const tracer = { enableMemory: true, disableStorage: true } as const
  try {
    const answer = await traceTransaction(rpc, { hash, tracer })
    const frames = framesFromStructLog(
      answer,
      { from, to, input, value, gas: -1, contractAddress },
      'structLogs',
    )
    return frames.length === transaction.frames.length ? frames : transaction.frames
  } catch {
    return transaction.frames
  }
}
