import { ifMalformed } from '../../chain/methods/answer.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import type { Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Clock } from '../../kit/clock.ts'
import { messageOf } from '../../kit/error.ts'
import { within } from '../../kit/within.ts'
import type { ChainHandle } from '../context.ts'
import { type ChainSight, MOST_HEADS, type SeenHead } from './sight.ts'

/** A node that takes longer than this to report its own head counts as not answering. */
const PATIENCE_MS = 5_000
/** A head that is this many blocks lower than before belongs to a chain that was restarted from the beginning. */
const RESET_BLOCKS = 16

/**
 * Asks every endpoint for its head, bypassing the pool that the watcher uses, and records the answers. Never throws.
 */
export async function probeChain(
  { rpc }: Pick<ChainHandle, 'rpc'>,
  sight: ChainSight,
  clock: Clock,
): Promise<void> {
  const answers = await Promise.all(rpc.endpoints.map((endpoint) => askHead(endpoint, clock)))
  const now = clock.now()
  sight.endpoints = answers.map(({ name, head, failure }) => {
    const before = sight.endpoints.find((known) => known.name === name)
    const isSame = before !== undefined && (before.failure === null) === (failure === null)
    return { name, head: head?.number ?? null, failure, since: isSame ? before.since : now }
  })
  const heads = answers.flatMap(({ head }) => (head === null ? [] : [head]))
  if (heads.length === 0) return
  sight.answeredAt = now
  heads.sort((a, b) => b.number - a.number)
  const head = heads[heads.length > 2 ? 1 : 0]
  if (head !== undefined) noteHead(sight, head)
}

function noteHead(sight: ChainSight, head: SeenHead): void {
  const last = sight.heads.at(-1)
  if (last !== undefined && last.number - head.number > RESET_BLOCKS) sight.heads = []
  else if (last !== undefined && head.number <= last.number) return
  sight.heads.push(head)
  if (sight.heads.length > MOST_HEADS) sight.heads.shift()
}

type Answer = { name: string; head: SeenHead | null; failure: string | null }

async function askHead(endpoint: Endpoint, clock: Clock): Promise<Answer> {
  const { name } = endpoint
  const asked = getBlock(endpoint, 'latest')
    .catch(ifMalformed(null))
    .then((block) => ({ block }))
  try {
    const answer = await within(asked, PATIENCE_MS)
    if (answer === null) return { name, head: null, failure: `no answer within ${PATIENCE_MS / 1000} s` }
    const { number = null, timestamp = null, transactions = null } = answer.block ?? {}
    if (number === null || timestamp === null || transactions === null)
      return { name, head: null, failure: 'its newest block has another shape' }
    const head = { number, timestamp, transactions: transactions.length, at: clock.now() }
    return { name, head, failure: null }
  } catch (thrown) {
    return { name, head: null, failure: messageOf(thrown) }
  }
}
