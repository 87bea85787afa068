import { z } from 'zod'
import { probeCapabilities } from '../../chain/rpc/capabilities.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { headOf } from '../../chain/rpc/head.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import { hashSchema, quantitySchema } from '../../model/hex.ts'

/** Blocks on each side are at most so many, whatever is asked for. */
const MOST_HISTORY = 5_000

export type NodeBlocksOptions = {
  url: string
  hashes: readonly string[]
  /** Blocks before the first and after the last that are read too. */
  history: number
  /** Told what could not be read. */
  onTrouble: (text: string) => void
}

/** The blocks of these transactions in order, and those around them; a block around them that cannot be read is left out. */
export async function* nodeBlocks({
  url,
  hashes,
  history,
  onTrouble,
}: NodeBlocksOptions): AsyncGenerator<BlockBundle> {
  const rpc = createRpc({ urls: [url] })
  try {
    const capabilities = await probeCapabilities(rpc)
    const blocks = new Map<number, string>()
    for (const hash of hashes) {
      const found = foundSchema.safeParse(await rpc.request('eth_getTransactionByHash', [hash]))
      if (found.success) blocks.set(Number(found.data.blockNumber), found.data.blockHash)
    }
    const numbers = [...blocks.keys()].sort((a, b) => a - b)
    const [first, last] = [numbers[0], numbers.at(-1)]
    if (first === undefined || last === undefined) return
    const around = Math.min(history, MOST_HISTORY)
    const wanted = new Set([
      ...range(Math.max(0, first - around), first),
      ...numbers,
      ...(around === 0 ? [] : range(last + 1, Math.min(last + around, await headOf(rpc)) + 1)),
    ])
    for (const number of wanted) {
      const hash = blocks.get(number)
      if (hash !== undefined) yield await fetchBundle(hash, { rpc, capabilities })
      else {
        const bundle = await fetchBundle(number, { rpc, capabilities, attempts: 1 }).catch(
          (thrown: unknown) =>
            onTrouble(`block ${number} could not be read for history: ${messageOf(thrown)}`),
        )
        if (bundle !== undefined) yield bundle
      }
    }
  } finally {
    await rpc.close()
  }
}

const foundSchema = z.object({ blockHash: hashSchema, blockNumber: quantitySchema })

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
