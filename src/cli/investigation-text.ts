import { printable } from '../kit/text.ts'
import type { Hypothesis, Investigated, Investigation } from '../model/investigation.ts'
import { describeFinding } from './lines.ts'

const MOST_STEPS = 60

const LONGEST_LINE = 2_000

/** An investigation for people: who lost what and the likeliest cause first. Whatever a chain says is inert on a terminal. */
export function describeInvestigation(found: Investigation, { tree }: { tree: boolean }): string[] {
  return linesOf(found, tree).map((line) => printable(line, LONGEST_LINE))
}

function linesOf(found: Investigation, tree: boolean): string[] {
  const { rootCause, attackers, steps, unexplained, transactions } = found
  return [
    ...transactions.map(outcomeOf),
    '',
    'Why it could happen, the likeliest first',
    ...(rootCause.hypotheses.length === 0 ? ['  no rule names a cause'] : rootCause.hypotheses.flatMap(why)),
    '',
    'Who lost, the likeliest vulnerable contract first (base units)',
    ...lost(found),
    '',
    'By whom',
    ...attackers.accounts.map((address) => `  account  ${address}`),
    ...attackers.contracts.map((address) => `  contract ${address}`),
    '',
    `What was done${steps.length > MOST_STEPS ? ` (the first ${MOST_STEPS} of ${steps.length} steps)` : ''}`,
    ...steps
      .slice(0, MOST_STEPS)
      .map(({ frame, text }) => `${String(frame).padStart(7)} ${printable(text, 300)}`),
    '',
    'Who gained and lost (base units, gas not counted)',
    ...changes(found),
    ...flow(found),
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
    '',
    'Findings',
    ...findingsOf(transactions),
  ]
}

function outcomeOf({ hash, blockNumber, succeeded, frames, movementsFrom, failure }: Investigated): string {
  const outcome = succeeded === false ? 'failed' : succeeded === true ? 'succeeded' : 'outcome not recorded'
  const source = movementsFrom === 'calls' ? '; logs not recorded: movements are what calls asked for' : ''
  const why = failure === undefined ? '' : `; failed in frame ${failure.frame}: ${failure.reason}`
  return `Transaction ${hash}, block ${blockNumber}, ${outcome}, ${frames} frames${source}${why}`
}

function why({ category, contract, function: name, statement, confidence, weakness }: Hypothesis): string[] {
  const place = contract === null ? '' : ` in ${contract}${name === null ? '' : `, ${printable(name, 120)}`}`
  const listed = weakness === null ? '' : ` (${weakness.id} ${weakness.title})`
  return [
    `  ${Math.round(confidence * 100)} % ${category}${listed}${place}`,
    `       ${printable(statement, 400)}`,
  ]
}

function lost({ victims }: Investigation): string[] {
  if (victims.length === 0) return ['  nobody, as far as was recorded']
  return victims.flatMap(({ address, loss }) => [
    `  ${address}`,
    ...loss.map(({ asset, tokenId, amount, usd }) => {
      const unit = tokenId === null ? asset : `${asset} #${tokenId}`
      return `      ${amount} ${unit}${usd === undefined ? '' : ` (${usd} USD)`}`
    }),
  ])
}

function changes({ balanceChanges }: Investigation): string[] {
  return balanceChanges.map(({ account, asset, tokenId, amount, usd, side }) => {
    const unit = tokenId === null ? asset : `${asset} #${tokenId}`
    return `${side.padEnd(7)} ${account} ${amount > 0n ? '+' : ''}${amount} ${unit}${usd === undefined ? '' : ` (${usd} USD)`}`
  })
}

/** Where what was stolen is at the end of these transactions: the larger holders. */
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
    ...findings.flatMap(describeFinding),
    ...blind.map((item) => `BLIND    ${item}`),
  ])
  return lines.length === 0 ? ['none'] : [...new Set(lines)]
}
