import type { Action } from '../../playbooks/action.ts'
import type { App } from '../context.ts'
import type { ActionKind, ActionTools } from './action-kind.ts'
import { containKind } from './contain.ts'
import { escalateKind } from './escalate.ts'
import { investigateKind } from './investigate.ts'
import { notifyKind } from './notify.ts'
import { pullApprovedKind } from './pull-approved.ts'
import { reopenKind } from './reopen.ts'
import { reportKind } from './report.ts'

/** Every kind of action: playbooks are checked against these without starting anything. */
export const actionKinds: readonly ActionKind[] = [
  notifyKind,
  containKind,
  pullApprovedKind,
  reopenKind,
  investigateKind,
  escalateKind,
  reportKind,
]

/** The actions of a running Cordon. */
export function openActions(app: App, tools: ActionTools): Action[] {
  return actionKinds.map(({ name, args, open }) => ({ name, args, run: open(app, tools) }))
}
