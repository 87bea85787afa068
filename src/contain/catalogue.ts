import { toFunctionSelector } from 'viem'
import type { Hex } from '../model/hex.ts'

/** How a pause is called in the wild, and how a contract says that it is paused. A label is a hypothesis: it is tried. */
export type LeverTemplate = { signature: string; selector: Hex; calldata: Hex }

const PAUSES = [
  'pause()',
  'setPaused(bool)',
  'setPause(bool)',
  'pauseAll()',
  'emergencyPause()',
  'emergencyStop()',
  'pauseContract()',
  'pauseProtocol()',
  'setPoolPause(bool)',
  'setGlobalPaused(bool)',
  'setSystemFullyPaused(bool)',
  'setSystemPartiallyPaused(bool)',
  '_setTransferPaused(bool)',
  'setAdjustmentsPaused(bool)',
  'stop()',
  'halt()',
  'freeze()',
] as const

const STATE_VIEWS = [
  'paused()',
  'isPaused()',
  'stopped()',
  'isStopped()',
  'getPaused()',
  'globalPaused()',
] as const

const AUTHORITY_VIEWS = [
  'guardian()',
  'pauseGuardian()',
  'pauser()',
  'emergencyAdmin()',
  'owner()',
  'admin()',
  'governor()',
  'governance()',
  'operator()',
] as const

const TRUE = `${'0'.repeat(63)}1`

export const pauseTemplates: readonly LeverTemplate[] = PAUSES.map((signature) => {
  const selector = toFunctionSelector(signature)
  return { signature, selector, calldata: signature.endsWith('(bool)') ? `${selector}${TRUE}` : selector }
})

export const stateViews = viewsOf(STATE_VIEWS)
export const authorityViews = viewsOf(AUTHORITY_VIEWS)

function viewsOf(signatures: readonly string[]): readonly { signature: string; selector: Hex }[] {
  return signatures.map((signature) => ({ signature, selector: toFunctionSelector(signature) }))
}
