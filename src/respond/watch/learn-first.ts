import { type Engine, evaluateBlock, evaluateSettled, packKept } from '../../detect/engine/engine.ts'
import { settle } from '../../detect/engine/snapshot.ts'
import { blockFacts } from '../../facts/facts.ts'
import { observeTraffic } from '../../incidents/assess.ts'
import type { BlockRef, SourceNotice } from '../../model/block.ts'
import { setFirst } from '../../store/cursors.ts'
import { type History, historyUpTo, type PastBlock, readHistory } from './history.ts'
import { takeSnapshot } from './keep-snapshots.ts'
import { awaitHead } from './read-blocks.ts'
import type { Restored } from './restore-states.ts'
import type { ResumeOptions, StartingPoint } from './resuming.ts'
import { noteOperations } from './take-note.ts'

/** Milliseconds between two progress notices of learning. */
const TELL_EVERY_MS = 10_000

/**
 * The first start on a chain: history is read before anything is judged, if `learn` names one. Findings of detectors
 * that do not have to learn are recorded as old. After an interruption it continues from its last snapshot.
 */
export async function learnFirst(options: ResumeOptions, restored: Restored | null): Promise<StartingPoint> {
  const { chain, tell } = options
  const { fromBlock, learn } = chain.config
  if (learn === undefined) {
    if (fromBlock === undefined) tell(nothingLearned(chain.engine))
    return fromBlock === undefined ? { known: [] } : { fromBlock, known: [] }
  }
  const head = await awaitHead(options)
  if (head === undefined) return { known: [] }
  chain.vitals.head ??= { ...head, at: options.app.clock.now() }
  const start = fromBlock ?? head.number
  const history = historyUpTo(Math.min(start - 1, head.number), learn)
  const known = await learnHistory(options, {
    history,
    head: head.number,
    after: restored?.final.number ?? -1,
  })
  return { fromBlock: start, known }
}

type Learning = {
  history: History
  head: number
  /** Blocks up to this one were learned before an interruption. */
  after: number
}

/** Returns the learned blocks that may still be reorganised away, oldest first. */
async function learnHistory(options: ResumeOptions, { history, head, after }: Learning): Promise<BlockRef[]> {
  const { app, chain, tell, signal } = options
  const { engine } = chain
  const settledTo = head - chain.config.window
  const progress = progressOf(options, history)
  tell(beganNotice(engine, history))
  await setFirst(app.store, chain.chainId, Math.max(0, Math.min(history.from, history.to)))
  let settled: BlockRef | null = null
  let keptAt = app.clock.now()
  for await (const past of readHistory(history, { ...options, after })) {
    const { number, hash } = past.bundle
    const isSettled = past.origin === 'file' || number <= settledTo
    if (!isSettled && settled !== null && engine.unfinalised.length === 0) await keep(options, settled)
    await learnBlock(options, past, isSettled)
    if (isSettled) settled = { number, hash }
    const isDue = app.clock.now() - keptAt >= chain.config.snapshotSeconds * 1_000
    if (isSettled && isDue) {
      await keep(options, { number, hash })
      keptAt = app.clock.now()
    }
    progress(number)
  }
  if (engine.unfinalised.length === 0 && settled !== null) await keep(options, settled)
  if (!signal.aborted) tell(endedNotice(history))
  return engine.unfinalised.map(({ ref }) => ref)
}

async function learnBlock(options: ResumeOptions, { bundle }: PastBlock, isSettled: boolean): Promise<void> {
  const { chain } = options
  const { engine } = chain
  const facts = blockFacts(bundle)
  const findings = isSettled ? evaluateSettled(engine, facts) : evaluateBlock(engine, facts)
  packKept(engine)
  const learners = new Set(learnersOf(engine))
  const sure = findings.filter(({ detector }) => !learners.has(detector))
  noteOperations(chain, bundle, findings)
  observeTraffic(chain, bundle, await options.record(sure, bundle))
}

/** Stores the state learned up to a final block, so that it survives a restart in the middle of learning. */
async function keep({ app, chain, tell }: ResumeOptions, final: BlockRef): Promise<void> {
  settle(chain.engine)
  await takeSnapshot({ app, chain, tell }, { final, ahead: true })
}

function learnersOf({ cells }: Engine): string[] {
  return cells.flatMap(({ detector }) => (detector.learns === true ? [detector.id] : []))
}

function progressOf({ app, chain, tell }: ResumeOptions, { from, to }: History): (at: number) => void {
  let toldAt = app.clock.now()
  return (at) => {
    chain.vitals.learning = { state: 'learning', from: Math.min(from, at), to, at }
    if (app.clock.now() - toldAt < TELL_EVERY_MS) return
    toldAt = app.clock.now()
    tell({ code: 'learning', message: `Learning: block ${at} of ${to}.`, facts: { from, to, at } })
  }
}

function beganNotice(engine: Engine, { files, from, to }: History): SourceNotice {
  const detectors = learnersOf(engine)
  const sources = [
    ...(files.length > 0 ? [`${files.length} files`] : []),
    ...(from <= to ? [`blocks ${from} to ${to}`] : []),
  ]
  return {
    code: 'learning',
    message: `Learning from ${sources.join(' and ') || 'nothing'} before judging; until then these detectors cannot judge: ${detectors.join(', ')}.`,
    facts: { from, to, files: files.length, detectors },
  }
}

function endedNotice({ from, to }: History): SourceNotice {
  return {
    code: 'learned',
    message: `Learned up to block ${to}; Cordon judges the blocks from here on.`,
    facts: { from, to },
  }
}

function nothingLearned(engine: Engine): SourceNotice {
  const detectors = learnersOf(engine)
  return {
    code: 'nothing-learned',
    message: `No history is read before judging, so these detectors report nothing unusual until they have seen enough: ${detectors.join(', ')}. Set chains[].learn to give them a history.`,
    facts: { detectors },
  }
}
