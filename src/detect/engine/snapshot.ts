import { canonicalValue } from '../../kit/canonical-value.ts'
import { isLike } from '../../kit/is-like.ts'
import { sha256 } from '../../kit/json.ts'
import type { Scope } from '../../model/detector.ts'

import type { Engine } from './engine.ts'

type Cell = Engine['cells'][number]

/** The state of one detector at the checkpoint, with all that decides whether another run can use it. */
export type DetectorSnapshot = {
  detector: string
  /** {@link Detector.stateVersion} of the detector that made it. */
  version: number
  /** Hash of the options and the scope under which it was made. */
  fit: string
  state: unknown
}

/** A detector that starts afresh, and why, in one sentence. */
export type Forgotten = { detector: string; reason: string }

/** The checkpoint as plain data. The states belong to the engine, which does not change them: do not change them either. */
export function snapshotsOf({ cells, checkpoint, scope }: Engine): DetectorSnapshot[] {
  const scopeHash = hashOfScope(scope)
  return cells.map((cell, i) => ({
    detector: cell.detector.id,
    version: cell.detector.stateVersion,
    fit: fitOf(cell, scopeHash),
    state: checkpoint[i],
  }))
}

/**
 * Makes the snapshots the engine's checkpoint and present state; returns the detectors without a fitting snapshot,
 * which start afresh. Blocks that the engine kept for a rollback are forgotten.
 */
export function restoreSnapshots(engine: Engine, kept: readonly DetectorSnapshot[]): Forgotten[] {
  const scopeHash = hashOfScope(engine.scope)
  const snapshots = new Map(kept.map((snapshot) => [snapshot.detector, snapshot]))
  const forgotten: Forgotten[] = []
  for (const cell of engine.cells) {
    const { detector, options } = cell
    const restored = restoredState(cell, snapshots.get(detector.id), scopeHash)
    if (restored.kind === 'unfit') forgotten.push({ detector: detector.id, reason: restored.reason })
    cell.state = restored.kind === 'fits' ? restored.state : detector.init(options)
  }
  engine.unfinalised = []
  settle(engine)
  return forgotten
}

/** Declares that no block judged so far can be rolled back: the present states become the checkpoint. */
export function settle(engine: Engine): void {
  engine.checkpoint = engine.cells.map(({ detector, state }) => detector.snapshot(state))
}

/** An engine with the same detectors, options and scope that has seen no block yet. */
export function pristine(engine: Engine): Engine {
  const cells = engine.cells.map((cell) => ({ ...cell, state: cell.detector.init(cell.options) }))
  const fresh: Engine = { ...engine, cells, checkpoint: [], unfinalised: [], blind: new Map() }
  settle(fresh)
  return fresh
}

/** Gives the named detectors the present states of another engine of the same detectors, as state and checkpoint. */
export function adopt(engine: Engine, other: Engine, ids: ReadonlySet<string>): void {
  for (const [i, cell] of engine.cells.entries()) {
    const from = other.cells[i]
    if (from === undefined || !ids.has(cell.detector.id)) continue
    cell.state = from.state
    engine.checkpoint[i] = cell.detector.snapshot(from.state)
  }
}

type Restored = { kind: 'fits'; state: unknown } | { kind: 'unfit'; reason: string }

function restoredState(cell: Cell, snapshot: DetectorSnapshot | undefined, scopeHash: string): Restored {
  const { detector, options } = cell
  const unfit = (reason: string): Restored => ({ kind: 'unfit', reason })
  if (snapshot === undefined) return unfit('no state of it was kept')
  if (snapshot.version !== detector.stateVersion)
    return unfit(`its state is of version ${snapshot.version}, this Cordon has ${detector.stateVersion}`)
  if (snapshot.fit !== fitOf(cell, scopeHash)) return unfit('its options or the protected contracts changed')
  try {
    // a copy: data read from bytes may share their memory
    const state = detector.snapshot(snapshot.state)
    if (!isLike(state, detector.init(options))) return unfit('its state does not have the shape it must have')
    return { kind: 'fits', state: detector.carry?.(state, options) ?? state }
  } catch {
    return unfit('its state does not have the shape it must have')
  }
}

/** Options from which a detector can carry over its state need not be the same; those of the others must be. */
function fitOf({ detector, options }: Cell, scopeHash: string): string {
  return detector.carry === undefined ? sha256(`${hashOfOptions(options)}:${scopeHash}`) : scopeHash
}

const hashes = new WeakMap<object, string>()

/** Options may hold a learned model of megabytes: each is hashed once. */
function hashOfOptions(options: unknown): string {
  if (typeof options !== 'object' || options === null) return sha256(canonicalValue(options))
  const known = hashes.get(options) ?? sha256(canonicalValue(options))
  hashes.set(options, known)
  return known
}

function hashOfScope(scope: Scope): string {
  return sha256(scope.kind === 'everything' ? 'everything' : [...scope.addresses].sort().join())
}
