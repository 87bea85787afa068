import { concernsTransaction, followTheft, followTransaction } from '../../forensics/fund-flow/follow.ts'
import { restoreFlow, saveFlow } from '../../forensics/fund-flow/snapshot.ts'
import { sourcesOf } from '../../forensics/fund-flow/sources.ts'
import { addSources, type Flow, startFlow } from '../../forensics/fund-flow/state.ts'
import { note } from '../../incidents/context.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { FlowEdge } from '../../model/fund-flow.ts'
import type { Incident } from '../../model/incident.ts'
import type { Notification } from '../../model/notification.ts'
import { findFundFlow, keepFundFlow, listFlowBlocks, type StoredFlow } from '../../store/fund-flows.ts'
import { listActiveOn } from '../../store/incidents.ts'
import { queueNotification } from '../../store/notifications.ts'
import { type Store, transaction } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import { deliver, queueingOf } from '../outbox.ts'

/** What one incident may keep in the database; dust spread over more accounts is counted as unexplained. */
const WATCHED = { tainted: 2_000, clean: 200, edges: 500, lineages: 16, accounts: 5_000 }
/** Movements told of one block. */
const MOST_TOLD = 5

export type Seen = { facts: BlockFacts; findings: readonly Finding[] }

/**
 * Follows what was stolen in open incidents through a block. Where tainted accounts pay, the timeline and operations are told
 * what moved where, by both methods. Where funds stand after the block is kept with what was told, all or nothing: a
 * block that is looked at again changes nothing.
 */
export async function watchTaint(app: App, chain: ChainHandle, seen: Seen): Promise<void> {
  const { number, transactions } = seen.facts.bundle
  const hashes = new Set<string>(transactions.map(({ hash }) => hash))
  const followed = await listFlowBlocks(app.store, chain.chainId)
  for (const incident of await listActiveOn(app.store, chain.chainId)) {
    const last = followed.get(incident.id)
    // funds are followed from the theft on; a block that was looked at changes nothing
    if (last === undefined ? !incident.transactions.some((hash) => hashes.has(hash)) : last >= number)
      continue
    try {
      await watchOne(app, chain, { ...seen, incident })
    } catch (thrown) {
      // what is odd about one incident's funds must not stop the watch; a database that is away is waited for
      if (isRetryable(thrown)) throw thrown
      app.logger.error({ incidentId: incident.id, reason: messageOf(thrown) }, 'could not follow its funds')
    }
  }
}

function isRetryable(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'retryable' in thrown && thrown.retryable === true
}

type Watched = Seen & { incident: Incident }

async function watchOne(app: App, chain: ChainHandle, watched: Watched): Promise<void> {
  const { incident, facts } = watched
  const { number, hash } = facts.bundle
  const stored = await findFundFlow(app.store, incident.id, chain.chainId)
  if (stored !== undefined && stored.blockNumber >= number) return
  const flow = followBlock(chain, watched, stored)
  if (flow === undefined) return
  const moves = flow.edges.filter(({ from }) => !flow.robbed.has(from))
  const told = moves.length === 0 ? null : notificationOf(app, { incident, moves, facts })
  await transaction(app.store, async (tx: Store) => {
    const document = saveFlow(flow)
    await keepFundFlow(
      tx,
      { incidentId: incident.id, chainId: chain.chainId },
      { blockNumber: number, blockHash: hash, document },
    )
    if (told === null || !(await queueNotification(tx, told, queueingOf(app, told))).isNew) return
    await note(
      { store: tx, clock: app.clock },
      {
        incidentId: incident.id,
        kind: 'note',
        eventTime: facts.bundle.timestamp === null ? app.clock.now() : facts.bundle.timestamp * 1000,
        message: `Stolen funds moved in block ${number}: ${told.body.replaceAll('\n', '; ')}`,
        facts: {
          block: number,
          blockHash: hash,
          movements: moves.slice(0, 50).map(toldOf),
          all: moves.length,
        },
      },
    )
  })
  if (told === null) return
  app.logger.warn({ incidentId: incident.id, block: number, moves: moves.length }, 'stolen funds moved')
  // nobody waits for people to be told; what fails here is in the outbox and sent again
  deliver(app, told).catch((thrown: unknown) =>
    app.logger.warn({ incidentId: incident.id, reason: messageOf(thrown) }, 'could not tell of it yet'),
  )
}

/** Where the funds are after this block, with this block's movements; undefined where it concerns none of them. */
function followBlock(
  chain: ChainHandle,
  { incident, facts, findings }: Watched,
  stored: StoredFlow | undefined,
): Flow | undefined {
  const { bundle, transactions } = facts
  const thefts = new Set<string>(incident.transactions)
  let flow = stored === undefined ? undefined : restoreFlow(stored.document, chain.labels, WATCHED)
  let isConcerned = false
  let robbedAt = 0
  for (const tx of transactions) {
    const isTheft = thefts.has(tx.transaction.hash)
    const sources = isTheft ? sourcesOf(tx, findings) : []
    if (sources.length > 0) {
      const { chainId, labels } = chain
      flow ??= startFlow({ chainId, block: bundle.number, sources: [], labels, limits: WATCHED })
      for (const actor of incident.actors) flow.actors.add(actor)
      addSources(flow, sources)
      robbedAt = flow.edges.length
      followTheft(flow, tx, bundle.number)
      // the theft itself is the alert: it is no movement to be told of
      flow.edges.splice(robbedAt)
      isConcerned = true
    } else if (flow !== undefined && concernsTransaction(flow, tx)) {
      followTransaction(flow, tx, bundle.number)
      isConcerned = true
    }
  }
  return isConcerned ? flow : undefined
}

type Told = { incident: Incident; moves: readonly FlowEdge[]; facts: BlockFacts }

function notificationOf(app: App, { incident, moves, facts }: Told): Notification {
  const { number, hash } = facts.bundle
  const more = moves.length - MOST_TOLD
  const lines = moves.slice(0, MOST_TOLD).map((move) => lineOf(app, move))
  return {
    id: sha256(`${incident.id}:taint:${hash ?? number}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['operations'],
    recipients: [],
    severity: 'high',
    title: `${incident.kind === 'drill' ? 'DRILL: ' : ''}Stolen funds moved: ${incident.title}`,
    body: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
    at: app.clock.now(),
    facts: { incident: incident.id, block: number, movements: moves.slice(0, MOST_TOLD).map(toldOf) },
  }
}

function lineOf({ names }: App, move: FlowEdge): string {
  const { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash } = move
  const how = kind === 'transfer' ? 'paid' : kind
  return `${names.get(from) ?? from} ${how} ${amount} ${asset} to ${names.get(to) ?? to}, stolen of it by haircut ${tainted}, by FIFO ${taintedFifo} (${transactionHash})`
}

function toldOf(move: FlowEdge): Record<string, unknown> {
  const { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash } = move
  return { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash }
}
