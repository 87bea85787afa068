import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { headTime } from '../../chain/rpc/head.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockBundle, SourceNotice } from '../../model/block.ts'
import type { App, ChainHandle } from '../context.ts'

export type ReadOptions = {
  app: App
  chain: ChainHandle
  /** First and last block, both included. */
  from: number
  to: number
  signal: AbortSignal
  tell: (notice: SourceNotice) => void
}

/** Blocks fetched in parallel. */
const AHEAD = 8
/** Number of times that a block is requested while the node has later ones; then it is left out. */
const MOST_LOOKS = 5
const WAIT_MS = 1_000

/**
 * Past blocks in order, for detectors to process again. A node that is unavailable is waited for; a block that the node
 * does not return although it has later ones is left out and reported. Ends early if the chain does, or with the
 * signal.
 */
export async function* readBlocks(options: ReadOptions): AsyncGenerator<BlockBundle> {
  const { from, to, signal } = options
  for (let first = from; first <= to && !signal.aborted; first += AHEAD) {
    const count = Math.min(AHEAD, to - first + 1)
    const wanted = Array.from({ length: count }, (_, i) => readBlock(first + i, options))
    for (const pending of wanted) pending.catch(() => undefined)
    for (const pending of wanted) {
      const bundle = await pending
      if (bundle === 'beyond-head') return
      if (bundle !== 'left-out') yield bundle
    }
  }
}

type Answer = BlockBundle | 'beyond-head' | 'left-out'

async function readBlock(number: number, options: ReadOptions): Promise<Answer> {
  const { app, chain, signal } = options
  const { rpc, capabilities } = chain
  let isTold = false
  for (let looks = 1; !signal.aborted; looks++) {
    try {
      return await fetchBundle(number, { rpc, capabilities, clock: app.clock, signal })
    } catch (thrown) {
      const head = await getBlockNumber(rpc).catch(() => undefined)
      if (head !== undefined && number > head) return 'beyond-head'
      if (head === undefined) looks--
      else if (looks >= MOST_LOOKS) return leaveOut(number, { reason: messageOf(thrown), options })
      if (!isTold) options.tell(trouble(messageOf(thrown), number))
      isTold = true
      await app.clock.sleep(WAIT_MS, signal)
    }
  }
  return 'beyond-head'
}

function leaveOut(number: number, { reason, options }: { reason: string; options: ReadOptions }): 'left-out' {
  options.tell({
    code: 'block-left-out',
    message: `Block ${number} could not be read again; detectors continue without it: ${reason}`,
    facts: { block: number, reason },
  })
  return 'left-out'
}

function trouble(message: string, block: number): SourceNotice {
  return { code: 'source-trouble', message, facts: { block } }
}

type Head = { number: number; timestamp: number | null }

/** The head, waited for while the node is unavailable; undefined if the signal aborted first. */
export async function awaitHead({
  app,
  chain,
  signal,
  tell,
}: Omit<ReadOptions, 'from' | 'to'>): Promise<Head | undefined> {
  let told: string | undefined
  while (!signal.aborted) {
    try {
      return await headTime(chain.rpc)
    } catch (thrown) {
      const message = messageOf(thrown)
      if (message !== told) tell({ code: 'source-trouble', message, facts: {} })
      told = message
      await app.clock.sleep(WAIT_MS, signal)
    }
  }
  return undefined
}
