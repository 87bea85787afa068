import { assert } from '../../kit/assert.ts'
import { CordonError } from '../../kit/error.ts'
import type { BlockRef } from '../../model/block.ts'
import type { Detector, DetectorInput, DetectorNeed, Scope } from '../../model/detector.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { atLeast, type Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { StateCall } from '../../model/state-read.ts'

import { findEverywhere } from './everywhere.ts'
import { reweigh, type Said } from './reweigh/reweigh.ts'
import { withImplementations, withProxies } from './scope.ts'
import { type Sight, sightsOf } from './sight.ts'

/** A detector with its options and its current state. */
type Cell = { detector: Detector; options: unknown; state: unknown; shadow: boolean }

/** A detector that could not see a block, or transactions of it, and why: reported, never silently skipped. */
export type Blindness = { detector: string; missing: DetectorNeed; blocks: number; transactions: number }

/** A block that a reorg may still remove: as facts, or packed by {@link packKept}. */
type Unfinalised = { ref: BlockRef; timestamp: number | null; facts: BlockFacts | null; packed: unknown }

/**
 * How blocks are hidden from the garbage collector between their evaluation and their finality: 64 busy blocks are 300
 * MB of small objects, and scanning them was what made the slowest blocks slow.
 */
export type Packing = { pack(facts: BlockFacts): unknown; unpack(packed: unknown): BlockFacts }

/**
 * Detectors over a chain that may reorganise: states are snapshotted at finality, and after a reorg the blocks that
 * survived since then are replayed on the snapshot. So rollback, checkpoint and replay are one mechanism.
 */
export type Engine = {
  scope: Scope
  cells: Cell[]
  /** States as of the last finalised block. */
  checkpoint: unknown[]
  unfinalised: Unfinalised[]
  blind: Map<string, Blindness>
  packing: Packing | null
}

export type EngineOptions = {
  detectors: readonly Detector[]
  scope: Scope
  /** Options by detector id; missing ones take their defaults. */
  options?: Readonly<Record<string, unknown>>
  /** Detectors on trial: their findings are marked and open no alert. */
  shadow?: readonly string[]
  /** Without it blocks are kept unpacked. */
  packing?: Packing
}

/** Throws `detect.InvalidOptions`, `detect.UnknownDetector` for options that no detector reads. */
export function createEngine({
  detectors,
  scope,
  options = {},
  shadow = [],
  packing,
}: EngineOptions): Engine {
  const known = detectors.map(({ id }) => id)
  for (const id of [...Object.keys(options), ...shadow])
    if (!known.includes(id)) throw unknownDetector(id, known)
  const cells = detectors.map((detector) => {
    const parsed = detector.options.safeParse(options[detector.id] ?? {})
    if (!parsed.success) throw invalidOptions(detector.id, parsed.error.message)
    const state = detector.init(parsed.data)
    return { detector, options: parsed.data, state, shadow: shadow.includes(detector.id) }
  })
  const checkpoint = cells.map(({ detector, state }) => detector.snapshot(state))
  return { scope, cells, checkpoint, unfinalised: [], blind: new Map(), packing: packing ?? null }
}

/**
 * Gives one detector new options from the next block on; states and checkpoint are carried over. After a rollback the
 * surviving blocks run under the new options. Throws `detect.InvalidOptions`, and then nothing has changed.
 */
export function replaceOptions(engine: Engine, id: string, options: unknown): void {
  for (const [i, cell] of engine.cells.entries()) {
    const { detector } = cell
    if (detector.id !== id) continue
    const parsed = detector.options.safeParse(options)
    if (!parsed.success) throw invalidOptions(id, parsed.error.message)
    const carried = (state: unknown): unknown =>
      detector.carry?.(state, parsed.data) ?? detector.init(parsed.data)
    cell.options = parsed.data
    cell.state = carried(cell.state)
    engine.checkpoint[i] = carried(engine.checkpoint[i])
  }
}

/** The newest surprises of detectors with series; one per detector whose series just completed a point. */
export function surprisesOf({
  cells,
}: Engine): { detector: string; decades: number; pointSeconds: number }[] {
  return cells.flatMap(({ detector, state, options, shadow }) => {
    const newest = shadow ? null : (detector.surprise?.(state, options) ?? null)
    return newest === null ? [] : [{ detector: detector.id, ...newest }]
  })
}

/** The view calls that the detectors need answered after each block, each once. */
export function readsWanted({ cells, scope }: Engine): StateCall[] {
  const calls = cells.flatMap(({ detector, options, state }) => detector.reads?.(options, state, scope) ?? [])
  return [...new Map(calls.map((call) => [`${call.to}:${call.data}`, call])).values()]
}

/** Evaluates a block that can no longer change (a recorded one): nothing is kept for a rollback. */
export function evaluateSettled(engine: Engine, facts: BlockFacts): Finding[] {
  return run(engine, facts, { note: true })
}

/** Evaluates the next canonical block and returns its findings; keeps the block until it is final. */
export function evaluateBlock(engine: Engine, facts: BlockFacts): Finding[] {
  const findings = run(engine, facts, { note: true })
  const { number, hash, timestamp } = facts.bundle
  engine.unfinalised.push({ facts, packed: undefined, ref: { number, hash }, timestamp })
  return findings
}

/** Packs the blocks that are kept for a rollback: call it when no one waits for a finding. */
export function packKept({ unfinalised, packing }: Engine): void {
  if (packing === null) return
  for (const kept of unfinalised) {
    if (kept.facts === null) continue
    kept.packed = packing.pack(kept.facts)
    kept.facts = null
  }
}

function factsOf({ packing }: Engine, kept: Unfinalised): BlockFacts {
  if (kept.facts !== null) return kept.facts
  assert(packing !== null, 'only packing makes facts go')
  return packing.unpack(kept.packed)
}

/** Findings about a block that is not canonical yet (a pending transaction): the engine's state stays unchanged. */
export function evaluatePending(engine: Engine, facts: BlockFacts): Finding[] {
  const cells = engine.cells
    .filter(({ detector }) => detector.pending !== 'ignored')
    .map((cell) => ({ ...cell, state: cell.detector.snapshot(cell.state) }))
  return run({ ...engine, cells }, facts, { note: false })
}

/**
 * Findings about transactions of a canonical block that could not be read when it was judged. `part` has the
 * transactions that can be read now, `whole` the block: it replaces the partial one among those that are not final, and
 * {@link rebuild} lets the current state learn from it.
 */
export function evaluateLate(engine: Engine, part: BlockFacts, whole: BlockFacts): Finding[] {
  const findings = evaluatePending(engine, part)
  const { number, hash } = whole.bundle
  const kept = engine.unfinalised.find(({ ref }) => ref.number === number && ref.hash === hash)
  if (kept !== undefined) Object.assign(kept, { facts: whole, packed: undefined })
  return findings
}

/**
 * Teaches the current state blocks that became whole after they were judged: everything since the checkpoint runs
 * again, and nothing of it is reported. An unseen deposit makes an honest exit look like a theft.
 */
export function rebuild(engine: Engine): void {
  const tip = engine.unfinalised.at(-1)
  if (tip !== undefined) rollback(engine, tip.ref)
}

/** Forgets every block after the ancestor: states go back to the checkpoint and the surviving blocks run again. */
export function rollback(engine: Engine, ancestor: BlockRef): void {
  const survivors = engine.unfinalised.filter(({ ref }) => ref.number <= ancestor.number)
  restoreCheckpoint(engine)
  for (const kept of survivors) run(engine, factsOf(engine, kept), { note: false })
  engine.unfinalised = survivors
}

/** Moves the checkpoint up to a finalised block: older blocks can no longer be rolled back. */
export function finalize(engine: Engine, block: BlockRef): void {
  const settled = engine.unfinalised.filter(({ ref }) => ref.number <= block.number)
  if (settled.length === 0) return
  const living = engine.cells.map((cell) => cell.state)
  restoreCheckpoint(engine)
  for (const kept of settled) run(engine, factsOf(engine, kept), { note: false })
  engine.checkpoint = engine.cells.map((cell) => cell.state)
  engine.cells.forEach((cell, i) => {
    cell.state = living[i]
  })
  engine.unfinalised = engine.unfinalised.filter(({ ref }) => ref.number > block.number)
}

function restoreCheckpoint(engine: Engine): void {
  engine.cells.forEach((cell, i) => {
    cell.state = cell.detector.snapshot(engine.checkpoint[i])
  })
}

function run(engine: Engine, facts: BlockFacts, { note }: { note: boolean }): Finding[] {
  const { scope, implementations } = withProxies(engine.scope, facts.bundle)
  const ask = (cells: readonly Cell[], suspects: ReadonlySet<Hash>): Finding[] =>
    reweigh(
      cells.flatMap((cell) => {
        const visible = sights(cell.detector.needs).facts
        return visible === null ? [] : saidBy(cell, { facts: visible, scope, suspects })
      }),
      facts,
      scope,
    )
  const sights = sightsOf(facts)
  const seeing = engine.cells.filter(({ detector }) => {
    const sight = sights(detector.needs)
    if (note && sight.missing !== null) noteBlind(engine, detector.id, sight)
    return sight.facts !== null
  })
  const ruled = ask(
    seeing.filter(({ detector }) => detector.learns !== true),
    NOBODY,
  )
  const learned = ask(
    seeing.filter(({ detector }) => detector.learns === true),
    suspectsOf(ruled),
  )
  const findings = [...ruled, ...learned].map((finding) => withImplementations(finding, implementations))
  const visibleTo = (needs: Detector['needs']): BlockFacts | null => sights(needs).facts
  const besides = findEverywhere(engine.cells, { scope, visibleTo, findings })
  return weigh(engine, [...findings, ...besides], (needs) => {
    const visible = sights(needs).facts
    return visible === null ? null : { facts: visible, scope, suspects: NOBODY }
  })
}

/** Runs the detectors that weigh others' findings, in order. */
function weigh(
  { cells }: Engine,
  findings: Finding[],
  inputFor: (needs: Detector['needs']) => DetectorInput | null,
): Finding[] {
  const yielding = new Set(
    cells.flatMap(({ detector }) => (detector.yieldsToOwners === true ? [detector.id] : [])),
  )
  let weighed: readonly Finding[] = findings
  for (const { detector, state, options } of cells) {
    const input = detector.weigh === undefined ? null : inputFor(detector.needs)
    if (input !== null)
      weighed = detector.weigh?.(input, { findings: weighed, yielding }, state, options) ?? weighed
  }
  return [...weighed]
}

const NOBODY: ReadonlySet<Hash> = new Set()

function saidBy({ detector, options, state, shadow }: Cell, input: DetectorInput): Said[] {
  const yieldsToMev = detector.yieldsToMev === true
  return detector
    .evaluate(input, state, options)
    .map((finding) => ({ finding: shadow ? { ...finding, shadow } : finding, yieldsToMev }))
}

function suspectsOf(findings: readonly Finding[]): ReadonlySet<Hash> {
  return new Set(
    findings.flatMap(({ transactionHash, severity, shadow }) =>
      transactionHash !== null && !shadow && atLeast(severity, 'medium') ? [transactionHash] : [],
    ),
  )
}

/** The detectors that could not judge some transactions of a block, with these transactions; empty if all saw all. */
export function blindIn(
  { cells }: Engine,
  facts: BlockFacts,
): { detector: string; missing: DetectorNeed; transactions: Hash[] }[] {
  const sights = sightsOf(facts)
  return cells.flatMap(({ detector }) => {
    const { missing, blindTo } = sights(detector.needs)
    return missing === null ? [] : [{ detector: detector.id, missing, transactions: [...blindTo] }]
  })
}

function noteBlind(engine: Engine, detector: string, { missing, blindTo }: Sight): void {
  if (missing === null) return
  const key = `${detector}:${missing}`
  const known = engine.blind.get(key) ?? { detector, missing, blocks: 0, transactions: 0 }
  known.blocks++
  known.transactions += blindTo.length
  engine.blind.set(key, known)
}

function invalidOptions(detector: string, reason: string): CordonError {
  return new CordonError({
    code: 'detect.InvalidOptions',
    message: `The options of detector ${detector} are not valid.`,
    facts: { detector, reason },
    fix: `Correct detectors.${detector} in cordon.config.ts; docs/detectors/${detector}.md lists the options.`,
  })
}

function unknownDetector(detector: string, known: readonly string[]): CordonError {
  return new CordonError({
    code: 'detect.UnknownDetector',
    message: `There are options for a detector that does not exist: ${detector}.`,
    facts: { detector, known },
    fix: `Correct the name in detectors of cordon.config.ts, or remove it.`,
  })
}
