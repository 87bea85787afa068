import type { RoleId } from '../model/role.ts'
import type { Block, Line } from './document.ts'
import { heading, paragraph, table, text } from './document.ts'
import type { Names } from './parts.ts'
import { account } from './parts.ts'
import type { PrintedInvestigation } from './record.ts'

/** The owner and due date of an action, by its urgency: roles of SEAL's playbook, never people. */
const OWNERS: Readonly<Record<string, { owner: RoleId; due: string }>> = {
  now: { owner: 'operations', due: 'now' },
  'before-reopening': { owner: 'protocol-lead', due: 'before reopening' },
}
const NOBODY = { owner: 'owner: to be named', due: 'to be agreed' } as const

/** The actions, with owners and due dates. A failure in the response is an action too. */
export function remedyBlocks(
  found: PrintedInvestigation | null,
  { names, failed }: { names: Names; failed: readonly string[] },
): Block[] {
  const rows = [
    ...(found?.remediation ?? []).map(({ action, contract, when }) =>
      row([text(action), ...(contract === null ? [] : [text(' — '), ...account(contract, names)])], when),
    ),
    ...failed.map((what) => row([text(`Find out why it did not work: ${what}`)], '')),
  ]
  const title = heading(2, 'Actions')
  if (rows.length === 0) return [title, paragraph(text('No action is on record.'))]
  return [title, table(['action****', 'owner*', 'due*'], rows)]
}

function row(action: Line, when: string): Line[] {
  const { owner, due } = OWNERS[when] ?? NOBODY
  return [action, [text(owner)], [text(due)]]
}
