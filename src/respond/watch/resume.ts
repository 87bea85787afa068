import { NO_TRAFFIC } from '../../calibrate/assessor.ts'
import { evaluateBlock, evaluateSettled, packKept } from '../../detect/engine/engine.ts'
import { adopt, type Forgotten, pristine, settle } from '../../detect/engine/snapshot.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { BlockBundle, BlockRef, SourceNotice } from '../../model/block.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { type Cursor, findCursor } from '../../store/cursors.ts'
import { listRecentBlocks, type RecentBlock } from '../../store/recent-blocks.ts'
import type { ChainHandle } from '../context.ts'
import { carryOutMoves } from '../upkeep/carry-out-moves.ts'
import { type History, historyUpTo, readHistory } from './history.ts'
import { learnFirst } from './learn-first.ts'
import { hadTraces, restoreObserved } from './observed.ts'
import { readBlocks } from './read-blocks.ts'
import { withStateReads } from './reads.ts'
import { recallTraffic } from './recalled-traffic.ts'
import { type Restored, restoreStates } from './restore-states.ts'
import type { ResumeOptions, StartingPoint } from './resuming.ts'
import { takeNote } from './take-note.ts'

/** Blocks that are processed again if no snapshot was ever stored. */
const MOST_REPLAYED = 20_000
/** Blocks from which a detector without a state learns again if `learn` does not specify more. */
const RELEARNED = 2_000

/**
 * Brings a chain's detectors to where they were when it was last watched: states of the last snapshot, then the blocks
 * after it up to the cursor, of which nothing is reported or recorded again. On the first start history is learned, if
 * configured.
 */
export async function resumeChain(options: ResumeOptions): Promise<StartingPoint> {
  const { app, chain } = options
  await carryOutMoves(options)
  const cursor = await findCursor(app.store, chain.chainId)
  await recallTraffic(app, chain)
  const counted = { ...chain.assessor.traffic }
  const restored = await restoreStates(app, chain, options.tell)
  const processed = cursor?.processed ?? null
  const point =
    cursor === undefined || processed === null
      ? await learnFirst(options, restored)
      : await restart(options, { cursor, processed, restored })
  const { traffic } = chain.assessor
  // counted by a Cordon that kept no snapshots
  traffic.transactions = Math.max(traffic.transactions, counted.transactions)
  traffic.days = Math.max(traffic.days, counted.days)
  chain.vitals.learning = { state: 'learned' }
  return point
}

type Restart = { cursor: Cursor; processed: BlockRef; restored: Restored | null }

async function restart(options: ResumeOptions, at: Restart): Promise<StartingPoint> {
  const { app, chain, tell } = options
  const { cursor, processed, restored } = at
  const recent = await listRecentBlocks(app.store, chain.chainId, processed.number)
  const from = replayedFrom(at)
  if (from === null) tell(blankNotice(processed.number))
  else {
    if (restored === null) forgetTraffic(chain)
    else if (restored.forgotten.length > 0)
      await relearn(options, { to: restored.final.number, cursor, forgotten: restored.forgotten })
    const newest = restored?.newest ?? from - 1
    const replayed = await replay(options, { from, newest, cursor, processed, recent })
    tell(restoredNotice({ restored, from, replayed, processed: processed.number }))
  }
  return {
    fromBlock: processed.number + 1,
    known: knownRefs(recent, processed),
    areTracesExpected: recent.some(({ observed }) => hadTraces(observed)),
  }
}

/** The first block that the states do not know; null if unknown. */
function replayedFrom({ cursor, processed, restored }: Restart): number | null {
  if (restored !== null) return restored.final.number + 1
  if (cursor.first === null) return null
  return Math.max(cursor.first, processed.number - MOST_REPLAYED + 1)
}

/** The replay counts all of it again. */
function forgetTraffic({ assessor }: ChainHandle): void {
  assessor.traffic = { ...NO_TRAFFIC, falseAlarms: assessor.traffic.falseAlarms }
}

type Replay = {
  from: number
  /** The surroundings of the detectors know the blocks up to this one. */
  newest: number
  cursor: Cursor
  processed: BlockRef
  recent: readonly RecentBlock[]
}

/**
 * Shows the detectors the blocks from `from` to the cursor again; returns their number. Stops where the chain was
 * reorganised.
 */
async function replay(options: ResumeOptions, at: Replay): Promise<number> {
  const { chain } = options
  const { from, newest, cursor, processed, recent } = at
  const known = new Map(recent.map((block) => [block.number, block]))
  const final = cursor.finalized?.number ?? -1
  let count = 0
  for await (const bundle of readBlocks({ ...options, from, to: processed.number })) {
    const before = known.get(bundle.number)
    const hash = before?.hash ?? (bundle.number === processed.number ? processed.hash : null)
    if (hash !== null && hash !== bundle.hash) break
    const facts = await factsAgain(options, { bundle, before })
    const isFinal = bundle.number <= final
    if (!isFinal && chain.engine.unfinalised.length === 0) settle(chain.engine)
    const findings = isFinal ? evaluateSettled(chain.engine, facts) : evaluateBlock(chain.engine, facts)
    if (bundle.number > newest) takeNote(options, { bundle, findings })
    packKept(chain.engine)
    count++
    noteProgress(chain, { from, to: processed.number, at: bundle.number })
  }
  if (chain.engine.unfinalised.length === 0) settle(chain.engine)
  chain.signals.finalized = cursor.finalized?.number ?? null
  return count
}

type Again = { bundle: BlockBundle; before: RecentBlock | undefined }

/** The block's facts with the observations of that time; those that were not stored are requested. */
async function factsAgain({ app, chain }: ResumeOptions, { bundle, before }: Again): Promise<BlockFacts> {
  const facts = blockFacts(bundle)
  const observed = before === undefined ? undefined : restoreObserved(before.observed)
  if (observed !== undefined) return { ...facts, ...observed }
  return (await withStateReads(facts, chain, app.logger)).facts
}

function noteProgress(chain: ChainHandle, { from, to, at }: { from: number; to: number; at: number }): void {
  chain.vitals.learning = { state: 'learning', from, to, at }
}

type Relearn = { to: number; cursor: Cursor; forgotten: readonly Forgotten[] }

/** Detectors without a state learn again from the history before the snapshot's block; nothing of it is reported. */
async function relearn(options: ResumeOptions, { to, cursor, forgotten }: Relearn): Promise<void> {
  const { chain, signal } = options
  const { learn } = chain.config
  const history: History =
    learn === undefined
      ? { files: [], from: Math.max(cursor.first ?? 0, to - RELEARNED + 1), to }
      : historyUpTo(to, learn)
  const scratch = pristine(chain.engine)
  for await (const { bundle } of readHistory(history, { ...options, after: -1 })) {
    evaluateSettled(scratch, blockFacts(bundle))
    noteProgress(chain, { from: history.from, to, at: bundle.number })
  }
  if (!signal.aborted) adopt(chain.engine, scratch, new Set(forgotten.map(({ detector }) => detector)))
}

/** The recent blocks without a gap up to the cursor, oldest first. */
function knownRefs(recent: readonly RecentBlock[], processed: BlockRef): BlockRef[] {
  if (processed.hash === null) return []
  const refs: BlockRef[] = [processed]
  for (const { number, hash } of recent.toReversed()) {
    const oldest = refs[0]?.number ?? 0
    if (number >= oldest) continue
    if (number !== oldest - 1) break
    refs.unshift({ number, hash })
  }
  return refs
}

type Told = { restored: Restored | null; from: number; replayed: number; processed: number }

function restoredNotice({ restored, from, replayed, processed }: Told): SourceNotice {
  const basis =
    restored === null
      ? `from block ${from}, the first`
      : `from the snapshot of block ${restored.final.number}`
  return {
    code: 'states-restored',
    message: `Detectors have their state from before the restart: ${basis}, and ${replayed} blocks since.`,
    facts: { final: restored?.final.number ?? null, from, replayed, processed },
  }
}

function blankNotice(processed: number): SourceNotice {
  return {
    code: 'states-forgotten',
    message: `An older Cordon kept no detector state: detectors learn again from block ${processed + 1} on.`,
    facts: { from: processed + 1 },
  }
}
