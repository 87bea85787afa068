import type { BlockRef, SourceNotice } from '../../model/block.ts'
import { hexNumber } from '../trace/fields.ts'
import type { Endpoint } from './endpoint.ts'
import type { Rpc } from './rpc.ts'

/** The time limit of an endpoint in a comparison, milliseconds: a hanging one must not hide the others. */
const PATIENCE_MS = 2_000

export type Comparison = {
  /** An endpoint has another block than the followed chain, and which blocks each has. */
  disagreement: SourceNotice | undefined
}

/**
 * Queries every endpoint for its head and for one block of the followed chain, and records the standing of each. An
 * endpoint with another block is `elsewhere`, unless most agree with it: then the leading one is `elsewhere`.
 */
export async function compareEndpoints(
  rpc: Rpc,
  at: { ref: BlockRef /** Number of blocks behind the newest head that counts as lagging. */; lag: number },
): Promise<Comparison> {
  const views = await Promise.all(rpc.endpoints.map((endpoint) => viewOf(rpc, endpoint, at.ref.number)))
  const newest = Math.max(0, ...views.map(({ head }) => head ?? 0))
  const known = views.filter(({ hash }) => hash !== undefined)
  const against = known.filter(({ hash }) => hash !== at.ref.hash)
  const isOutvoted = against.length * 2 > known.length
  for (const { endpoint, head, hash } of views) {
    if (head === null) continue
    const isElsewhere = hash !== undefined && (hash !== at.ref.hash) !== isOutvoted
    const isBehind = head < newest - at.lag
    rpc.place(endpoint, { head, place: isElsewhere ? 'elsewhere' : isBehind ? 'lagging' : 'here' })
  }
  if (new Set(known.map(({ hash }) => hash)).size < 2) return { disagreement: undefined }
  return {
    disagreement: {
      code: 'endpoints-disagree',
      message: `Endpoints disagree about block ${at.ref.number}: ${known.map(({ endpoint, hash }) => `${endpoint.name} has ${String(hash).slice(0, 10)}…`).join(', ')}.`,
      facts: {
        block: at.ref.number,
        followed: at.ref.hash,
        answers: Object.fromEntries(known.map(({ endpoint, hash }) => [endpoint.name, hash])),
      },
    },
  }
}

type View = { endpoint: Endpoint; head: number | null; hash: string | undefined }

async function viewOf(rpc: Rpc, endpoint: Endpoint, number: number): Promise<View> {
  const ask = async (tag: string): Promise<{ number?: unknown; hash?: unknown } | null> =>
    (await rpc.request('eth_getBlockByNumber', [tag, false], { only: endpoint, timeoutMs: PATIENCE_MS })) as {
      number?: unknown
      hash?: unknown
    } | null
  try {
    const [latest, block] = await Promise.all([ask('latest'), ask(`0x${number.toString(16)}`)])
    const hash = typeof block?.hash === 'string' ? block.hash : undefined
    const head = hexNumber(latest?.number) ?? null
    // A head for which the endpoint itself has no block would make all the others appear to lag.
    const isBacked =
      head !== null && (head <= number || typeof (await ask(`0x${head.toString(16)}`))?.hash === 'string')
    return { endpoint, head: isBacked ? head : null, hash }
  } catch {
    return { endpoint, head: null, hash: undefined }
  }
}
