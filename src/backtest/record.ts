import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { getBlockNumber } from '../chain/methods/get-block-number.ts'
import { type Capabilities, probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchRawBundle } from '../chain/rpc/fetch-bundle.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { type Config, UNKNOWN_CHAIN } from '../model/config.ts'

export type RecordOptions = {
  config: Config
  out: string
  /** The latest block by default. */
  from?: number
  to?: number
  progress: (text: string) => void
  signal: AbortSignal
}

export type Recorded = {
  chainId: number
  file: string
  first: number
  last: number
  transactions: number
  traces: Capabilities['traces']
}

/**
 * Writes blocks as a bundle file; the file appears under its name only when it is complete. Throws `app.Interrupted`.
 */
export async function recordBlocks(options: RecordOptions): Promise<Recorded> {
  const [chain] = options.config.chains
  if (chain === undefined) throw interrupted(options.out)
  const rpc = createRpc({ urls: chain.rpcUrls })
  try {
    const expected = chain.chainId === UNKNOWN_CHAIN ? undefined : chain.chainId
    const capabilities = await probeCapabilities(rpc, expected)
    const { chainId } = capabilities
    const first = options.from ?? (await getBlockNumber(rpc))
    const last = options.to ?? first
    let transactions = 0
    const partial = `${options.out}.partial`
    const lines = new PassThrough()
    const written = options.out.endsWith('.gz')
      ? pipeline(lines, createGzip(), createWriteStream(partial))
      : pipeline(lines, createWriteStream(partial))
    written.catch(() => undefined)
    for (let number = first; number <= last; number++) {
      if (options.signal.aborted) throw interrupted(partial)
      const { raw, bundle } = await fetchRawBundle(number, { rpc, capabilities })
      transactions += bundle.transactions.length
      if (!lines.write(`${toJson(raw)}\n`)) await new Promise((resolve) => lines.once('drain', resolve))
      options.progress(`block ${number} of ${last} · ${transactions} transactions`)
    }
    lines.end()
    await finished(lines).catch(() => undefined)
    await written
    await rename(partial, options.out)
    return { chainId, file: options.out, first, last, transactions, traces: capabilities.traces }
  } finally {
    await rpc.close()
  }
}

function interrupted(file: string): CordonError {
  return new CordonError({
    code: 'app.Interrupted',
    message: 'Recording was interrupted.',
    facts: { file },
    fix: 'Run it again; the blocks recorded so far are in the .partial file.',
  })
}
