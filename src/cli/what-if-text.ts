import { printable } from '../kit/text.ts'
import type { Counterfactual } from '../model/counterfactual.ts'
import type { AtRisk } from '../model/scope-at-risk.ts'
import type { Tokens } from '../model/token.ts'
import { amountText } from './amount-text.ts'

/** The remaining profit with one thing altered at a time; nothing if it was not requested. */
export function whatIf(counterfactuals: readonly Counterfactual[] | undefined): string[] {
  if (counterfactuals === undefined) return []
  const telling = counterfactuals.filter(({ speaksFor }) => speaksFor.length > 0)
  const others = counterfactuals.filter(({ speaksFor }) => speaksFor.length === 0)
  return [
    '',
    `What if: the attack run again ${counterfactuals.length} times, one thing altered each time`,
    ...(counterfactuals.length === 0 ? ['  there was nothing to alter'] : []),
    ...telling.flatMap(tell),
    ...(others.length === 0 ? [] : ['  steps that the attack needs or not; they name no cause:']),
    ...others.flatMap(tell),
  ]
}

function tell(one: Counterfactual): string[] {
  const { alteration, statement, outcome, legitimate, reason, function: name, frame } = one
  const { passed, of } = legitimate
  const ordinary = of === 0 ? '' : `; ${passed} of ${of} ordinary transactions pass`
  const place = name === null ? '' : ` (${printable(name, 80)}, frame ${frame})`
  return [
    `  ${outcome.replace('-', ' ').padEnd(14)} ${alteration}: ${printable(statement, 200)}${place}`,
    `                 ${printable(reason, 240)}${ordinary}`,
  ]
}

/** The amounts that the same attack could still take elsewhere; nothing if it was not requested. */
export function stillAtRisk(atRisk: readonly AtRisk[] | undefined, tokens: Tokens): string[] {
  if (atRisk === undefined) return []
  return [
    '',
    'What the same attack would still take (dry run on a fork of the latest block)',
    ...atRisk.flatMap(({ contract, outcome, drained, transactions, reason }) => [
      `  ${outcome.replace('-', ' ').padEnd(11)} ${contract}${transactions === 0 ? '' : ` in ${transactions} transactions, one a block`}`,
      ...drained.map((item) => `      ${amountText(item, tokens)}`),
      `      ${printable(reason, 240)}`,
    ]),
  ]
}
