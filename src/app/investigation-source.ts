import { z } from 'zod'
import { readFrozen, writeFrozen } from '../chain/bundle/frozen.ts'
import { parseBundle } from '../chain/bundle/parse.ts'
import { readBundles } from '../chain/bundle/read.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchRawBundle, type RawBundle } from '../chain/rpc/fetch-bundle.ts'
import { recordedRpc, recordingRpc } from '../chain/rpc/recording.ts'
import { createRpc, type Rpc } from '../chain/rpc/rpc.ts'
import { withStepTraces } from '../chain/rpc/step-traces.ts'
import { CordonError } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import { type Hash, hashSchema, quantitySchema } from '../model/hex.ts'

/** Where transactions are found, and who answers questions about the state around them. */
export type InvestigationSource = {
  /** What to look at where nobody says: the transactions that a frozen file was made for. */
  suspects: readonly Hash[]
  /** Blocks in chain order, those of `hashes` among them. */
  bundles(hashes: readonly Hash[]): AsyncIterable<BlockBundle>
  /** A node, what a node once answered, or nobody. */
  rpc: Rpc | null
  close(): Promise<void>
}

/** A source that keeps what it gave, so that it can be written. */
export type RecordingSource = InvestigationSource & { rpc: Rpc; write(file: string): Promise<void> }

/** Traces of long transactions take nodes a while. */
const PATIENCE_MS = 60_000

/** A bundle file, plain or frozen, or a JSON-RPC URL. Throws what reading and asking throw. */
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

/** A node of which everything that is asked can be written into a file: the blocks as a bundle has them, the rest beside them. */
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
    async *bundles(hashes) {
      const capabilities = await probeCapabilities(rpc)
      const blocks = new Map<string, number>()
      for (const hash of hashes) {
        const found = foundSchema.safeParse(await rpc.request('eth_getTransactionByHash', [hash]))
        if (found.success) blocks.set(found.data.blockHash, Number(found.data.blockNumber))
      }
      const inOrder = [...blocks].sort((a, b) => a[1] - b[1])
      for (const [blockHash] of inOrder) {
        const fetched = await fetchRawBundle(blockHash, { rpc, capabilities })
        const { raw, bundle } =
          capabilities.traces === 'none' ? await tracedByStep(fetched, hashes, rpc) : fetched
        raws.push(raw)
        yield bundle
      }
    },
    rpc,
    close: () => rpc.close(),
  }
}

type Fetched = { raw: RawBundle; bundle: BlockBundle }

/** With calls from struct logs, where the node has nothing better; as it was where it has not even those. */
async function tracedByStep(fetched: Fetched, hashes: readonly Hash[], rpc: Rpc): Promise<Fetched> {
  try {
    const raw = await withStepTraces(fetched.raw, hashes, rpc)
    return { raw, bundle: parseBundle(raw) }
  } catch (thrown) {
    if (!(thrown instanceof CordonError)) throw thrown
    return fetched
  }
}

const foundSchema = z.object({ blockHash: hashSchema, blockNumber: quantitySchema })
