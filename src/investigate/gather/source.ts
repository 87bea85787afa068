import { readBundles } from '../../chain/bundle/read.ts'
import { readFrozen, writeFrozen } from '../../chain/frozen.ts'
import { ifMalformed } from '../../chain/methods/answer.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getTransaction } from '../../chain/methods/get-transaction.ts'
import { probeCapabilities } from '../../chain/rpc/capabilities.ts'
import { fetchRawBundle, type RawBundle } from '../../chain/rpc/fetch-bundle.ts'
import { recordedRpc, recordingRpc } from '../../chain/rpc/recording.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'

/** The source of transactions, and of answers about the state around them. */
export type InvestigationSource = {
  /** The default transactions to investigate: those that a frozen file was made for. */
  suspects: readonly Hash[]
  /** Blocks in chain order, those of `hashes` among them; from a node those around them too, from a file all. */
  bundles(hashes: readonly Hash[], around?: Around): AsyncIterable<BlockBundle>
  /** A node, a node's recorded answers, or none. */
  rpc: Rpc | null
  close(): Promise<void>
}

/** Blocks before the first and after the last transaction, and the callback for blocks that could not be read. */
export type Around = { around: number; onTrouble: (text: string) => void }

/** A source that keeps its results, so that they can be written to a file. */
export type RecordingSource = InvestigationSource & { rpc: Rpc; write(file: string): Promise<void> }

/** Traces of long transactions take nodes a while. */
const PATIENCE_MS = 60_000
/** Blocks around an attack are history: none of them may delay the investigation. */
const AROUND_MS = 20_000

/** A bundle file, plain or frozen, or a JSON-RPC URL. Throws the errors of reading and querying. */
export async function openSource(source: string): Promise<InvestigationSource> {
  if (isUrl(source)) return fromRpc(createRpc({ urls: [source], timeoutMs: PATIENCE_MS }))
  const frozen = await readFrozen(source)
  return {
    suspects: frozen?.suspects ?? [],
    bundles: () => readBundles(source),
    rpc: frozen === null ? null : recordedRpc(frozen.asked),
    close: async () => {},
  }
}

/** A node whose answers can all be written into a file: the blocks as in a bundle, the rest next to them. */
export function openRecording(url: string, suspects: readonly Hash[]): RecordingSource {
  const node = createRpc({ urls: [url], timeoutMs: PATIENCE_MS })
  const { rpc, asked } = recordingRpc(node)
  const raws: RawBundle[] = []
  return {
    ...fromRpc(node, raws),
    rpc,
    write: (file) => writeFrozen(file, { version: 1, suspects: [...suspects], asked: asked() }, raws),
  }
}

export function isUrl(source: string): boolean {
  return /^(https?|wss?):\/\//.test(source)
}

function fromRpc(rpc: Rpc, raws: RawBundle[] = []): InvestigationSource {
  return {
    suspects: [],
    bundles: (hashes, around = { around: 0, onTrouble: () => undefined }) =>
      nodeBlocks(rpc, { hashes, raws, ...around }),
    rpc,
    close: () => rpc.close(),
  }
}

/** Maximum number of blocks on each side, independent of the request. */
const MOST_AROUND = 5_000

type NodeBlocksOptions = Around & { hashes: readonly Hash[]; raws: RawBundle[] }

/** The blocks of these transactions in order, and those around them; an unreadable block around them is left out. */
async function* nodeBlocks(rpc: Rpc, options: NodeBlocksOptions): AsyncGenerator<BlockBundle> {
  const { hashes, raws, around, onTrouble } = options
  const capabilities = await probeCapabilities(rpc)
  const blocks = new Map<number, Hash>()
  for (const hash of hashes) {
    const { blockHash, blockNumber } = (await getTransaction(rpc, hash).catch(ifMalformed(null))) ?? {}
    if (typeof blockNumber === 'number' && typeof blockHash === 'string') blocks.set(blockNumber, blockHash)
  }
  for (const number of await numbersAround(rpc, [...blocks.keys()], around)) {
    const hash = blocks.get(number)
    const fetched =
      hash === undefined
        ? await fetchRawBundle(number, { rpc, capabilities, budgetMs: AROUND_MS }).catch((thrown: unknown) =>
            onTrouble(`block ${number} could not be read for history: ${messageOf(thrown)}`),
          )
        : await fetchRawBundle(hash, { rpc, capabilities, wanted: new Set(hashes) })
    if (fetched === undefined) continue
    raws.push(fetched.raw)
    yield fetched.bundle
  }
}

async function numbersAround(rpc: Rpc, numbers: number[], around: number): Promise<Iterable<number>> {
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)]
  if (numbers.length === 0 || around === 0) return numbers.sort((a, b) => a - b)
  const most = Math.min(around, MOST_AROUND)
  const end = Math.min(last + most, await getBlockNumber(rpc))
  return new Set([
    ...range(Math.max(0, first - most), first),
    ...numbers.sort((a, b) => a - b),
    ...range(last + 1, end + 1),
  ])
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
