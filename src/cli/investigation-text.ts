import { printable } from '../kit/text.ts'
import {
  type FirstScreen,
  type Hypothesis,
  type Investigated,
  type Investigation,
  losersIn,
} from '../model/investigation.ts'
import { atRisk, byClass, byWhom } from './actors-text.ts'
import { amountText, tokensOf } from './amount-text.ts'
import { describeFinding } from './lines.ts'
import { stillAtRisk, whatIf } from './what-if-text.ts'

const MOST_STEPS = 60

const LONGEST_LINE = 2_000

/**
 * An investigation for people: the losses by account and the likeliest cause first. Any text from a chain is inert on a
 * terminal.
 */
export function describeInvestigation(found: Investigation, { tree }: { tree: boolean }): string[] {
  return linesOf(found, tree).map((line) => printable(line, LONGEST_LINE))
}

/** The first screen in one line, while the rest is being computed. */
export function firstSight({ rootCause, victims, attackers }: FirstScreen): string {
  const { category, contract, confidence } = rootCause
  const place = contract === null ? '' : ` in ${contract}`
  const by = attackers.accounts[0] === undefined ? '' : `, by ${attackers.accounts[0]}`
  return printable(
    `preliminary: ${Math.round(confidence * 100)} % ${category}${place}; ${losersIn(victims).length} lost${by}`,
    200,
  )
}

function linesOf(found: Investigation, tree: boolean): string[] {
  const { rootCause, steps, unexplained, transactions } = found
  return [
    ...transactions.map(outcomeOf),
    '',
    'Why it could happen, most likely first',
    ...(rootCause.hypotheses.length === 0
      ? ['  no rule names a cause']
      : [
          ...rootCause.hypotheses.slice(0, 1).flatMap(why),
          ...sourceLine(found),
          ...rootCause.hypotheses.slice(1).flatMap(why),
        ]),
    ...divergence(found),
    ...whatIf(found.counterfactuals),
    '',
    'Who lost, most likely vulnerable contract first',
    ...lost(found),
    ...byClass(found),
    '',
    'By whom',
    ...byWhom(found),
    '',
    `What was done${steps.length > MOST_STEPS ? ` (the first ${MOST_STEPS} of ${steps.length} steps)` : ''}`,
    ...steps
      .slice(0, MOST_STEPS)
      .map(({ frame, text }) => `${String(frame).padStart(7)} ${printable(text, 300)}`),
    '',
    'Who gained and lost (gas not counted)',
    ...changes(found),
    ...profits(found),
    ...flow(found),
    '',
    'What else is at risk',
    ...atRisk(found),
    ...stillAtRisk(found.scope.atRisk, tokensOf(found.assets)),
    ...(unexplained.length === 0
      ? []
      : ['', 'Not explained', ...unexplained.map((text) => `  ${printable(text, 300)}`)]),
    ...(tree ? transactions.flatMap(({ hash, tree: lines }) => ['', `Calls of ${hash}`, ...lines]) : []),
    ...transactions.flatMap(storageOf),
    '',
    'What to do',
    ...found.remediation.map(
      ({ when, action }) => `  ${when === 'now' ? 'NOW   ' : 'before opening'} ${printable(action, 300)}`,
    ),
    ...proposed(found),
    '',
    'Findings',
    ...findingsOf(transactions),
  ]
}

function outcomeOf({ hash, blockNumber, succeeded, frames, movementsFrom, failure }: Investigated): string {
  const outcome = succeeded === false ? 'failed' : succeeded === true ? 'succeeded' : 'outcome not recorded'
  const source =
    movementsFrom === 'calls' ? '; logs not recorded: movements are those that calls requested' : ''
  const why = failure === undefined ? '' : `; failed in frame ${failure.frame}: ${failure.reason}`
  return `Transaction ${hash}, block ${blockNumber}, ${outcome}, ${frames} frames${source}${why}`
}

/** The source position of the first hypothesis, if source was given. */
function sourceLine({ rootCause: { file, line } }: Investigation): string[] {
  return file === null ? [] : [`       ${printable(file, 200)}:${line}`]
}

/** The first departure from the history. */
function divergence({ divergence: first }: Investigation): string[] {
  return first === null
    ? []
    : [`  first divergence from history: frame ${first.frame}, ${printable(first.statement, 240)}`]
}

function why({ category, contract, function: name, statement, confidence, weakness }: Hypothesis): string[] {
  const place = contract === null ? '' : ` in ${contract}${name === null ? '' : `, ${printable(name, 120)}`}`
  const listed = weakness === null ? '' : ` (${weakness.id} ${weakness.title})`
  return [
    `  ${Math.round(confidence * 100)} % ${category}${listed}${place}`,
    `       ${printable(statement, 400)}`,
  ]
}

function lost({ victims, assets }: Investigation): string[] {
  if (victims.length === 0) return ['  nobody in the recorded data']
  const tokens = tokensOf(assets)
  return victims.flatMap(({ address, loss, coinUnknown, netUsd, reasons = [] }) => [
    `  ${address}${netUsd === undefined ? '' : `, ${netUsd} USD in total`}`,
    ...reasons.slice(0, 2).map((reason) => `      ${printable(reason, 200)}`),
    ...loss.map(
      (item) =>
        `      ${amountText(item, tokens)}${item.by === 'reads' ? ', by its balance, without a transfer' : ''}`,
    ),
    ...(coinUnknown === true
      ? ['      an unknown amount of the native coin: its balance when it self-destructed']
      : []),
  ])
}

function changes({ balanceChanges, assets }: Investigation): string[] {
  const tokens = tokensOf(assets)
  return balanceChanges.map(
    (change) =>
      `${change.side.padEnd(7)} ${change.account} ${change.amount > 0n ? '+' : ''}${amountText(change, tokens)}`,
  )
}

/** The gains of the accounts that act together, their own changes summed. */
function profits({ profits: groups, assets }: Investigation): string[] {
  const tokens = tokensOf(assets)
  return groups.flatMap(({ cluster, members, change }) =>
    members.length < 2 || change.length === 0
      ? []
      : [
          `together ${cluster} and ${members.length - 1} more:`,
          ...change.map((one) => `        ${one.amount > 0n ? '+' : ''}${amountText(one, tokens)}`),
        ],
  )
}

/** The location of the stolen funds at the end of these transactions: the larger holders. */
function flow({ fundFlow: { nodes } }: Investigation): string[] {
  const held = nodes.flatMap(({ id, kind, held: assets }) =>
    assets.length === 0 || kind === 'victim'
      ? []
      : [
          `  ${kind.padEnd(9)} ${id} holds ${assets.length} stolen ${assets.length === 1 ? 'asset' : 'assets'}`,
        ],
  )
  return held.length === 0
    ? []
    : ['', 'Where it is now (follow it: cordon funds follow)', ...held.slice(0, 12)]
}

function proposed({ proposals }: Investigation): string[] {
  if (proposals === undefined) return []
  const lines = proposals.map(({ id, title, file, history: { judged, falseAlarms, mostLikelyBelow } }) => {
    const rate = `${Number((100 * mostLikelyBelow).toPrecision(2))} %`
    return `  ${falseAlarms} false alarms in ${judged} transactions (below ${rate}): ${printable(title, 160)}${file === null ? ` [${id}]` : `, ${file}`}`
  })
  const none = '  none: the past has reached every value that a rule could bound'
  return ['', 'Rules that would have detected it', ...(lines.length === 0 ? [none] : lines)]
}

const MOST_CHANGES = 200

function storageOf({ hash, stateChanges }: Investigated): string[] {
  if (stateChanges === undefined) return []
  const lines = stateChanges.flatMap(({ address, slot, before, after, parts, writtenIn }) => {
    const frames = writtenIn.length === 0 ? '' : ` (frame ${writtenIn.slice(0, 5).join(', ')})`
    return parts.length === 0
      ? [`  ${address} ${slot}: ${before} → ${after}${frames}`]
      : parts.map((part) => `  ${address} ${part.name}: ${part.before} → ${part.after}${frames}`)
  })
  const more = lines.length > MOST_CHANGES ? [`  … ${lines.length - MOST_CHANGES} more`] : []
  return ['', `Storage changed by ${hash}`, ...lines.slice(0, MOST_CHANGES), ...more]
}

function findingsOf(transactions: readonly Investigated[]): string[] {
  const lines = transactions.flatMap(({ findings, blind }) => [
    ...findings.flatMap((finding) => describeFinding(finding)),
    ...blind.map((item) => `BLIND    ${item}`),
  ])
  return lines.length === 0 ? ['none'] : [...new Set(lines)]
}
