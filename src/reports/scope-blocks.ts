import { isEndless } from '../model/token.ts'
import type { Block, Line } from './document.ts'
import { code, heading, list, paragraph, strong, text } from './document.ts'
import type { Names } from './parts.ts'
import { account, amountOf, asset, percent } from './parts.ts'
import type { PrintedInvestigation } from './record.ts'

const MOST = 40

/** The wider risk: the same code and weakness elsewhere, contracts that can still be drained, approvals, dependants. */
export function scopeBlocks(found: PrintedInvestigation, names: Names): Block[] {
  const items = [
    ...drainable(found, names),
    ...siblings(found, names),
    ...approvals(found, names),
    ...users(found, names),
  ]
  const title = heading(2, 'What else is at risk')
  return [
    title,
    items.length === 0 ? paragraph(text('Nothing else, as far as was looked.')) : list(items.slice(0, MOST)),
    ...(items.length > MOST ? [paragraph(text(`… and ${items.length - MOST} more.`))] : []),
  ]
}

function drainable({ scope, assets }: PrintedInvestigation, names: Names): Line[] {
  return (scope.atRisk ?? []).map(({ contract, outcome, drained, transactions, reason }) => [
    ...account(contract, names),
    text(' '),
    strong(outcome.replace('-', ' ')),
    text(' by the same attack, on a fork'),
    ...drained.flatMap(
      (one): Line => [
        text(': '),
        ...amountOf(one.asset, one.amount, assets),
        text(' '),
        ...asset(one.asset, null, names),
      ],
    ),
    text(
      transactions === 0 ? ` (${reason})` : `, in ${transactions} ${transactions === 1 ? 'block' : 'blocks'}`,
    ),
  ])
}

function siblings({ scope }: PrintedInvestigation, names: Names): Line[] {
  return [
    ...scope.sameCode.map(
      (address): Line => [...account(address, names), text(' has the same code as the weak contract')],
    ),
    ...(scope.siblings ?? []).map(
      ({ address, match, similarity }): Line => [
        ...account(address, names),
        text(`: ${match.replaceAll('-', ' ')}, ${percent(similarity)} alike`),
      ],
    ),
  ]
}

function approvals({ scope, assets }: PrintedInvestigation, names: Names): Line[] {
  const exposed = (scope.exposure ?? []).map(
    ({ asset: id, amount, owners }): Line => [
      ...amountOf(id, amount, assets),
      text(' '),
      ...asset(id, null, names),
      text(` of ${owners} ${owners === 1 ? 'owner' : 'owners'} can be pulled by outstanding approvals`),
    ],
  )
  const each = scope.approvals.map(
    ({ owner, spender, asset: id, amount }): Line => [
      ...account(owner, names),
      text(' lets '),
      ...account(spender, names),
      text(' spend '),
      ...(isEndless(amount) ? [text('any amount')] : amountOf(id, amount, assets)),
      text(' of '),
      ...asset(id, null, names),
    ],
  )
  return [...exposed, ...each]
}

function users({ scope: { users: seen, dependants = [] } }: PrintedInvestigation, names: Names): Line[] {
  return [
    ...(seen === undefined || seen.count === 0
      ? []
      : [[text(`${seen.count} accounts used the weak contract in the blocks that were read`)]]),
    ...dependants.map(
      ({ address, reads }): Line => [
        ...account(address, names),
        text(` reads the weak contract (${reads} times in the blocks that were read)`),
      ],
    ),
  ]
}

/** Rules that would have reported it, with how often they would have been wrong. */
export function proposalBlocks({ proposals = [] }: PrintedInvestigation): Block[] {
  if (proposals.length === 0) return []
  return [
    heading(2, 'Rules that would have told it'),
    list(
      proposals.map(({ id, title, history: { falseAlarms, judged } }) => [
        code(id),
        text(` — ${title}: ${falseAlarms} false alarms in ${judged} transactions of the past`),
      ]),
    ),
  ]
}
