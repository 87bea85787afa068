import { printable } from '../kit/text.ts'
import type { Actor } from '../model/actor.ts'
import type { Investigation } from '../model/investigation.ts'
import { amountText, tokensOf } from './amount-text.ts'

const MOST_ACTORS = 24
const MOST_REASONS = 8
const MOST_LINES = 12

/** All actors except victims, with the likely role and each reason. */
export function byWhom({ actors }: Investigation): string[] {
  const shown = actors.filter(({ role }) => role !== 'victim')
  if (shown.length === 0) return ['  nobody in the recorded data']
  return [
    ...shown.slice(0, MOST_ACTORS).flatMap(describeActor),
    ...(shown.length > MOST_ACTORS ? [`  … ${shown.length - MOST_ACTORS} more (--json)`] : []),
  ]
}

function describeActor({ address, kind, role, confidence, reasons }: Actor): string[] {
  const more = reasons.length > MOST_REASONS ? [`       … ${reasons.length - MOST_REASONS} more`] : []
  return [
    `  ${kind.padEnd(8)} ${address} ${role}, ${Math.round(confidence * 100)} %`,
    ...reasons.slice(0, MOST_REASONS).map((reason) => `       ${printable(reason, 300)}`),
    ...more,
  ]
}

/** Losses by the losers' relation to the protocol. */
export function byClass({ lossByClass, assets }: Investigation): string[] {
  const tokens = tokensOf(assets)
  return lossByClass.map(({ class: name, accounts, loss }) => {
    const first = loss.slice(0, 4).map((item) => amountText(item, tokens))
    const more = loss.length > 4 ? `, and ${loss.length - 4} other assets` : ''
    return `  ${name}: ${accounts} ${accounts === 1 ? 'account' : 'accounts'} lost ${first.join(', ')}${more}`
  })
}

/**
 * Contracts with the same code or weakness, approvals that are still outstanding, and the dependants of the weak
 * contract.
 */
export function atRisk({ scope, assets }: Investigation): string[] {
  const tokens = tokensOf(assets)
  const { sameCode, siblings = [], approvals, exposure = [], users, dependants = [] } = scope
  const lines = [
    ...some(sameCode, (address) => `${address} ran the same code in these transactions`),
    ...some(siblings, ({ address, match, similarity, implementation, function: shared }) => {
      const behind = implementation === undefined ? '' : `, by its implementation ${implementation}`
      const part =
        shared === undefined
          ? ''
          : `; ${Math.round(shared.share * 100)} % of ${printable(shared.selector, 20)}’s blocks`
      return `${address} has ${matches[match]}${match === 'similar' ? ` (${Math.round(similarity * 100)} %)` : ''}${behind}${part}`
    }),
    ...some(
      exposure,
      ({ asset, amount, owners }) =>
        `${amountText({ asset, amount }, tokens)} of ${owners} owners can be pulled now`,
    ),
    ...some(
      approvals,
      ({ owner, spender, asset, amount, exposed }) =>
        `${owner} lets ${spender} take ${amountText({ asset, amount }, tokens)}${exposed === undefined ? '' : `; there are ${amountText({ asset, amount: exposed }, tokens)}`}`,
    ),
    ...(users === undefined || users.count === 0
      ? []
      : [`  ${users.count} accounts used the weak contract in the blocks that were read`]),
    ...some(dependants, ({ address, reads }) => `${address} read the weak contract ${reads} times`),
  ]
  return lines.length === 0 ? ['  nothing else in the recorded data'] : lines
}

const matches = {
  exact: 'the same code',
  'metadata-apart': 'the same code except for its metadata',
  'immutables-apart': 'the same code except for 32-byte constants',
  'same-implementation': 'the same implementation',
  similar: 'similar code',
  'same-function': 'the same weak function',
} as const

function some<T>(items: readonly T[], line: (item: T) => string): string[] {
  const more = items.length > MOST_LINES ? [`  … ${items.length - MOST_LINES} more (--json)`] : []
  return [...items.slice(0, MOST_LINES).map((item) => `  ${line(item)}`), ...more]
}
