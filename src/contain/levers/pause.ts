import { toFunctionSelector } from 'viem'
import type { StateRead } from '../../model/lever.ts'
import { viewRead } from '../../model/lever.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Common signatures of a pause, and the function that undoes it where that has another name. */
const PAUSES: Readonly<Record<string, string | null>> = {
  'pause()': 'unpause()',
  'setPaused(bool)': null,
  'setPause(bool)': null,
  'pauseAll()': 'unpauseAll()',
  'emergencyPause()': 'emergencyUnpause()',
  'emergencyStop()': null,
  'pauseContract()': 'unpauseContract()',
  'pauseProtocol()': 'unpauseProtocol()',
  'stop()': 'start()',
  'halt()': 'resume()',
  'freeze()': 'unfreeze()',
}

/** The views by which a contract shows that it is paused, the most likely first. */
const STATE_VIEWS = ['paused()', 'isPaused()', 'stopped()', 'isStopped()', 'getPaused()', 'globalPaused()']

/** A generic pause of the whole contract: its effect is determined by trying. */
export const pauseTemplates: readonly LeverTemplate[] = Object.entries(PAUSES).map(([signature, undo]) => ({
  id: `pause/${signature.slice(0, signature.indexOf('('))}`,
  protocol: 'unknown',
  kind: 'pause',
  breadth: 'contract',
  signature,
  recognisedBy: [signature],
  claims: {},
  isFallback: true,
  tried: {
    on: signature === 'pause()' ? 'package' : 'fixture',
    what: signature === 'pause()' ? '@openzeppelin/contracts 5.7.0, Pausable' : 'contracts/levers/Pauses.sol',
  },
  find: async (subject) => [pauseOf(subject, signature, undo)],
}))

function pauseOf({ target, selectors }: Subject, signature: string, undo: string | null): Found {
  const takesFlag = signature.endsWith('(bool)')
  const found = { target, args: takesFlag ? [true] : [], scope: 'the whole contract' }
  const state = stateOf(selectors).map((read) => ({ ...read, to: target }))
  if (takesFlag) return { ...found, state, undo: { signature, args: [false] } }
  const hasUndo = undo !== null && selectors.has(toFunctionSelector(undo))
  return hasUndo ? { ...found, state, undo: { signature: undo, args: [] } } : { ...found, state }
}

function stateOf(selectors: Subject['selectors']): Omit<StateRead, 'to'>[] {
  const view = STATE_VIEWS.find((signature) => selectors.has(toFunctionSelector(signature)))
  return view === undefined ? [] : [viewRead(view)]
}
