import { type DetectorSnapshot, type Forgotten, restoreSnapshots } from '../../detect/engine/snapshot.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockRef, SourceNotice } from '../../model/block.ts'
import { findSnapshot, type StoredState } from '../../store/snapshots.ts'
import type { App, ChainHandle } from '../context.ts'
import { unpackState } from './state-bytes.ts'
import { fitOfSurroundings, restoreSurroundings, SURROUNDINGS, SURROUNDINGS_VERSION } from './surroundings.ts'

/** The state that a chain's watcher has again after a restart. */
export type Restored = {
  /** The final block up to which detectors know the chain. */
  final: BlockRef
  /** The newest block that their surroundings know. */
  newest: number
  /** Detectors whose state was lost. */
  forgotten: readonly Forgotten[]
}

/**
 * Restores the states of the chain's detectors from its last snapshot; null if none was ever stored. Unreadable state
 * is reported.
 */
export async function restoreStates(
  app: App,
  chain: ChainHandle,
  tell: (notice: SourceNotice) => void,
): Promise<Restored | null> {
  const snapshot = await findSnapshot(app.store, chain.chainId)
  if (snapshot === undefined) return null
  const unreadable = new Map(
    snapshot.broken.map((part) => [part, 'its bytes have changed since they were kept']),
  )
  const detectors: DetectorSnapshot[] = []
  let newest = snapshot.final.number
  for (const stored of snapshot.parts) {
    const read = await readPart(stored)
    if (typeof read === 'string') unreadable.set(stored.part, read)
    else if (stored.part !== SURROUNDINGS)
      detectors.push({ detector: stored.part, ...versioned(stored), ...read })
    else if (fits(stored, chain) && restoreSurroundings(chain, read.state)) newest = snapshot.newest
    else unreadable.set(SURROUNDINGS, 'it is of another version or configuration')
  }
  const forgotten = restoreSnapshots(chain.engine, detectors).map(({ detector, reason }) => ({
    detector,
    reason: unreadable.get(detector) ?? reason,
  }))
  const around = unreadable.get(SURROUNDINGS)
  if (around !== undefined) forgotten.push({ detector: SURROUNDINGS, reason: around })
  if (forgotten.length > 0) tell(forgottenNotice(forgotten))
  return {
    final: snapshot.final,
    newest,
    forgotten: forgotten.filter(({ detector }) => detector !== SURROUNDINGS),
  }
}

async function readPart({ state }: StoredState): Promise<{ state: unknown } | string> {
  try {
    return { state: await unpackState(state) }
  } catch (thrown) {
    return `its bytes cannot be read (${messageOf(thrown)})`
  }
}

function versioned({ version, fit }: StoredState): Pick<DetectorSnapshot, 'version' | 'fit'> {
  return { version, fit }
}

function fits({ version, fit }: StoredState, chain: ChainHandle): boolean {
  return version === SURROUNDINGS_VERSION && fit === fitOfSurroundings(chain)
}

function forgottenNotice(forgotten: readonly Forgotten[]): SourceNotice {
  const reasons = forgotten.map(({ detector, reason }) => `${detector}: ${reason}`)
  return {
    code: 'states-forgotten',
    message: `A part of the detector state from before the restart is lost; Cordon learns it again from the chain. ${reasons.join('; ')}.`,
    facts: { forgotten: [...forgotten] },
  }
}
