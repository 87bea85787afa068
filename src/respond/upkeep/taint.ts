import { concernsTransaction, followTheft, followTransaction } from '../../forensics/fund-flow/follow.ts'
import { restoreFlow, saveFlow } from '../../forensics/fund-flow/snapshot.ts'
import { sourcesOf } from '../../forensics/fund-flow/sources.ts'
import { addSources, type Flow, startFlow } from '../../forensics/fund-flow/state.ts'
import { note } from '../../incidents/context.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256, toJson } from '../../kit/json.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { FlowEdge } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Notification } from '../../model/notification.ts'
import { pageTitle } from '../../notify/title.ts'
import { findFundFlow, keepFundFlow, listFlowBlocks } from '../../store/fund-flows.ts'
import { listActiveOn } from '../../store/incidents.ts'
import { queueNotification } from '../../store/notifications.ts'
import { type Store, transaction } from '../../store/store.ts'
import { assetsNamed, readable } from '../../words/readable.ts'
import type { App, ChainHandle } from '../context.ts'
import { lexiconOf } from '../lexicon.ts'
import { deliver, queueingOf } from '../outbox.ts'
import { parkedIn, parkedText, proposeHolding } from './parked.ts'

/** The maximum stored for one incident; dust spread over more accounts is counted as unexplained. */
const WATCHED = { tainted: 2_000, clean: 200, edges: 500, lineages: 16, accounts: 5_000 }
/** Incidents whose funds are followed in parallel. */
const AT_ONCE = 6
/** Movements reported per block. */
const MOST_TOLD = 5

export type Seen = { facts: BlockFacts; findings: readonly Finding[] }

/**
 * Follows the funds stolen in open incidents through a block. Where tainted accounts pay, reports the movements to the
 * timeline and to operations, by both methods. The positions of the funds after the block are stored together with the
 * report, all or nothing: a second pass over a block changes nothing.
 */
export async function watchTaint(app: App, chain: ChainHandle, seen: Seen): Promise<void> {
  const { number, transactions } = seen.facts.bundle
  const hashes = new Set<string>(transactions.map(({ hash }) => hash))
  const followed = await listFlowBlocks(app.store, chain.chainId)
  const due: Watched[] = []
  for (const incident of await listActiveOn(app.store, chain.chainId)) {
    const last = followed.get(incident.id)
    // Funds are followed from the theft on; a second pass over a block changes nothing.
    if (last === undefined ? !incident.transactions.some((hash) => hashes.has(hash)) : last >= number)
      continue
    due.push({ ...seen, incident, last })
  }
  for (let i = 0; i < due.length; i += AT_ONCE)
    await Promise.all(due.slice(i, i + AT_ONCE).map((watched) => watchApart(app, chain, watched)))
}

/** A fault in one incident's funds must not stop the watch; a database that is away is waited for. */
async function watchApart(app: App, chain: ChainHandle, watched: Watched): Promise<void> {
  const { id: incidentId } = watched.incident
  try {
    await watchOne(app, chain, watched)
  } catch (thrown) {
    memoryOf(chain).delete(incidentId)
    if (isRetryable(thrown)) throw thrown
    app.logger.error({ incidentId, reason: messageOf(thrown) }, 'could not follow its funds')
  }
}

function isRetryable(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'retryable' in thrown && thrown.retryable === true
}

/** `last`: the block after which its funds were last kept. */
type Watched = Seen & { incident: Incident; last: number | undefined }

/** The positions of incidents' funds, as in the database: read once, and again only after a movement. */
type FlowMemory = Map<string, { blockNumber: number; flow: Flow }>

const memories = new WeakMap<ChainHandle, FlowMemory>()
const MOST_REMEMBERED = 1_000

function memoryOf(chain: ChainHandle): FlowMemory {
  const memory = memories.get(chain) ?? new Map()
  memories.set(chain, memory)
  return memory
}

function remember(memory: FlowMemory, id: string, known: { blockNumber: number; flow: Flow }): void {
  memory.delete(id)
  for (const oldest of memory.keys()) {
    if (memory.size < MOST_REMEMBERED) break
    memory.delete(oldest)
  }
  memory.set(id, known)
}

/** After a reorganisation the database has less than the memory. */
export function forgetFlows(chain: ChainHandle): void {
  memories.delete(chain)
}

async function flowOf(
  { store }: App,
  chain: ChainHandle,
  { incident, last }: Watched,
): Promise<{ blockNumber: number; flow: Flow } | undefined> {
  if (last === undefined) return undefined
  const memory = memoryOf(chain)
  const known = memory.get(incident.id)
  if (known?.blockNumber === last) return known
  const stored = await findFundFlow(store, incident.id, chain.chainId)
  if (stored === undefined) return undefined
  const { blockNumber, document } = stored
  const read = { blockNumber, flow: restoreFlow(document, chain.labels, WATCHED) }
  remember(memory, incident.id, read)
  return read
}

async function watchOne(app: App, chain: ChainHandle, watched: Watched): Promise<void> {
  const { incident, facts } = watched
  const { number, hash } = facts.bundle
  const known = await flowOf(app, chain, watched)
  if (known !== undefined && known.blockNumber >= number) return
  const followed = followBlock(chain, watched, known?.flow)
  if (followed === undefined) return
  const { flow } = followed
  // The flow in memory has changed: it is valid again once it is on record.
  const memory = memoryOf(chain)
  memory.delete(incident.id)
  const moves = flow.edges.filter(({ from }) => !flow.robbed.has(from))
  const movements = linesOf(app, moves)
  const { scope } = chain.engine
  const own = scope.kind === 'contracts' ? scope.addresses : new Set<Address>()
  const parked = parkedIn([...followed.stolen, ...moves], { own, robbed: flow.robbed })
  const told = moves.length === 0 ? null : await notificationOf(app, { incident, moves, facts, movements })
  const document = saveFlow(flow)
  await transaction(app.store, async (tx: Store) => {
    await keepFundFlow(
      tx,
      { incidentId: incident.id, chainId: chain.chainId },
      { blockNumber: number, blockHash: hash, document },
    )
    const eventTime = facts.bundle.timestamp === null ? app.clock.now() : facts.bundle.timestamp * 1000
    for (const one of parked)
      await note(
        { store: tx, clock: app.clock },
        {
          ...{ incidentId: incident.id, kind: 'fund-movement' as const, eventTime },
          message: parkedText(app, one),
          facts: { block: number, blockHash: hash, parked: one },
        },
      )
    if (told === null || !(await queueNotification(tx, told, queueingOf(app, told))).isNew) return
    await note(
      { store: tx, clock: app.clock },
      {
        incidentId: incident.id,
        kind: 'fund-movement',
        eventTime,
        message: `Stolen funds moved in block ${number}: ${movements.join('; ')}`,
        facts: {
          block: number,
          blockHash: hash,
          movements: moves.slice(0, 50).map(toldOf),
          all: moves.length,
        },
      },
    )
  })
  remember(memory, incident.id, {
    blockNumber: number,
    // As the database returns it, so that the result is the same after a restart.
    flow: restoreFlow(JSON.parse(toJson(document)), chain.labels, WATCHED),
  })
  if (parked.length > 0) proposeHolding(app, chain, { incident, parked, block: number })
  if (told === null) return
  app.logger.warn({ incidentId: incident.id, block: number, moves: moves.length }, 'stolen funds moved')
  // Not awaited; a notification that fails here is in the outbox and is sent again.
  deliver(app, told).catch((thrown: unknown) =>
    app.logger.warn({ incidentId: incident.id, reason: messageOf(thrown) }, 'could not tell of it yet'),
  )
}

/**
 * The positions of the funds after this block, with its movements, and with those of the thefts in it (`stolen`);
 * undefined where it concerns none of them.
 */
function followBlock(
  chain: ChainHandle,
  { incident, facts, findings }: Watched,
  known: Flow | undefined,
): { flow: Flow; stolen: FlowEdge[] } | undefined {
  const { bundle, transactions } = facts
  const stolen: FlowEdge[] = []
  const thefts = new Set<string>(incident.transactions)
  let flow = known
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
      // The theft itself is the alert: it is not reported as a movement.
      stolen.push(...flow.edges.splice(robbedAt))
      isConcerned = true
    } else if (flow !== undefined && concernsTransaction(flow, tx)) {
      followTransaction(flow, tx, bundle.number)
      isConcerned = true
    }
  }
  return flow !== undefined && isConcerned ? { flow, stolen } : undefined
}

type Told = {
  incident: Incident
  moves: readonly FlowEdge[]
  facts: BlockFacts
  movements: readonly string[]
}

async function notificationOf(app: App, { incident, moves, facts, movements }: Told): Promise<Notification> {
  const { number, hash } = facts.bundle
  const lexicon = await lexiconOf(app, incident.chainId, movements.flatMap(assetsNamed))
  return {
    id: sha256(`${incident.id}:taint:${hash ?? number}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['operations'],
    recipients: [],
    severity: 'high',
    title: pageTitle(
      { kind: incident.kind, severity: 'high' },
      readable(`Stolen funds moved in block ${number} · ${incident.title}`, lexicon),
    ),
    body: [
      ...movements.map((line) => readable(line, lexicon)),
      `Where they are now: cordon incidents report ${incident.id}`,
    ].join('\n'),
    at: app.clock.now(),
    facts: {
      ...{ incident: incident.id, block: number, subject: 'stolen funds move' },
      movements: moves.slice(0, MOST_TOLD).map(toldOf),
    },
  }
}

/** Worded as in the record: base units and full addresses. */
function linesOf({ names }: App, moves: readonly FlowEdge[]): string[] {
  const more = moves.length - MOST_TOLD
  const lines = moves.slice(0, MOST_TOLD).map((move) => {
    const { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash } = move
    const how = kind === 'transfer' ? 'paid' : kind
    const other = taintedFifo === tainted ? '' : ` (${taintedFifo} of ${asset} by FIFO)`
    return `${names.get(from) ?? from} ${how} ${amount} of ${asset} to ${names.get(to) ?? to}; stolen of it: ${tainted} of ${asset}${other}, in ${transactionHash}`
  })
  return more > 0 ? [...lines, `and ${more} more`] : lines
}

function toldOf(move: FlowEdge): Record<string, unknown> {
  const { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash } = move
  return { from, to, asset, amount, tainted, taintedFifo, kind, transactionHash }
}
