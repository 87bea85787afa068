import type { KnownAction } from '../../playbooks/check.ts'
import { containArgs } from './contain.ts'
import { escalateArgs } from './escalate.ts'
import { investigateArgs } from './investigate.ts'
import { notifyArgs } from './notify.ts'
import { pullApprovedArgs } from './pull-approved.ts'
import { reopenArgs } from './reopen.ts'
import { reportArgs } from './report.ts'

/** Every action with its arguments, for checking playbooks without starting anything. */
export const knownActions: readonly KnownAction[] = [
  { name: 'notify', args: notifyArgs },
  { name: 'contain', args: containArgs },
  { name: 'pull-approved', args: pullApprovedArgs },
  { name: 'reopen', args: reopenArgs },
  { name: 'investigate', args: investigateArgs },
  { name: 'escalate', args: escalateArgs },
  { name: 'report', args: reportArgs },
]
