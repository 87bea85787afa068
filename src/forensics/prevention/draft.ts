import { type Candidate, placeOf } from './candidates.ts'
import type { Seen } from './measure.ts'

/** A rule as its file has it; docs/guides/rules.md explains each field. */
export type Draft = {
  id: string
  title: string
  description: string
  on: string
  where: string
  windows?: Record<string, object>
  when: string
  message: string
  victims: readonly string[]
}

export type DraftOptions = {
  /** The protocol's past, without the attack. */
  past: Seen
  attack: Seen
  /** The names of addresses and assets. */
  nameOf: (address: string) => string
}

/** Answers may exceed the observed range by a tenth, in each direction. */
const MARGIN_PERCENT = 10n

/** A rule that the attack breaks and the past does not; null if the past contains the same. */
export function draftOf(candidate: Candidate, options: DraftOptions): Draft | null {
  const { past, attack, nameOf } = options
  const place = placeOf(candidate)
  const common = { victims: [`"${place}"`] }
  switch (candidate.bounds) {
    case 'outflow': {
      const limit = limitBetween(past.size, attack.size)
      const asset = nameOf(candidate.asset)
      return limit === null
        ? null
        : {
            ...common,
            id: idOf('outflow', place, candidate.asset),
            title: `More ${asset} leaves ${nameOf(place)} in one transaction than ever before`,
            description: `In ${past.concerned} transactions of the past at most ${past.size} base units left in one; the attack took ${attack.size}.`,
            on: 'transfer',
            where: `fact.from == "${place}" && fact.asset == "${candidate.asset}"`,
            windows: { out: { sum: 'fact.amount', by: 'tx.hash', over: '1m' } },
            when: `window.out > amount("${limit}")`,
            message: `{window.out} base units of ${asset} leave ${nameOf(place)}; {fact.to} gets the last of it.`,
          }
    }
    case 'repeats':
      return attack.size <= past.size || attack.size < 2n
        ? null
        : {
            ...common,
            id: idOf('repeats', place, candidate.selector),
            title: `${nameOf(candidate.selector)} of ${nameOf(place)} is entered more often in a transaction than ever before`,
            description: `In ${past.concerned} transactions of the past at most ${past.size} times in one; the attack did it ${attack.size} times.`,
            on: 'call',
            where: `fact.type == "CALL" && !fact.reverted && fact.context == "${place}" && fact.selector == "${candidate.selector}"`,
            windows: { times: { count: 'true', by: 'tx.hash', over: '1m' } },
            when: `window.times > ${past.size > 1n ? past.size : 1n}`,
            message: `${nameOf(candidate.selector)} of ${nameOf(place)} is entered for the {window.times}. time in one transaction, by {fact.from}.`,
          }
    case 'callers':
      return isKnown(past, attack)
        ? null
        : {
            ...common,
            id: idOf('callers', place, candidate.selector),
            title: `A newcomer calls ${nameOf(candidate.selector)} of ${nameOf(place)}`,
            description: `In ${past.concerned} transactions of the past ${past.names.size} accounts called it; the attacker was none of them.`,
            on: 'call',
            where: `fact.type == "CALL" && !fact.reverted && fact.context == "${place}" && fact.selector == "${candidate.selector}"${exceptFor('fact.from', past)}`,
            when: 'true',
            message: `{fact.from} calls ${nameOf(candidate.selector)} of ${nameOf(place)}, which it never did.`,
          }
    case 'control':
      return isKnown(past, attack)
        ? null
        : {
            ...common,
            id: idOf('control', place, candidate.change),
            title: `Control over ${nameOf(place)} goes to a newcomer (${candidate.change})`,
            description: `In the past it changed ${past.concerned} times so, and never to whom the attack gave it.`,
            on: 'control',
            where: `fact.contract == "${place}" && fact.change == "${candidate.change}"${exceptFor('fact.subject', past)}`,
            when: 'true',
            message: `${candidate.change} on ${nameOf(place)}: {fact.subject}.`,
          }
    case 'answers':
      return answersDraft(candidate, options)
  }
}

function answersDraft(
  candidate: Extract<Candidate, { bounds: 'answers' }>,
  { past, attack, nameOf }: DraftOptions,
): Draft | null {
  const { source, selector } = candidate
  if (past.answers === null || attack.answers === null) return null
  const least = (past.answers.least * (100n - MARGIN_PERCENT)) / 100n
  const most = (past.answers.most * (100n + MARGIN_PERCENT)) / 100n
  if (attack.answers.least >= least && attack.answers.most <= most) return null
  return {
    id: idOf('answers', source, selector),
    title: `${nameOf(selector)} of ${nameOf(source)} returns an unprecedented value`,
    description: `In ${past.concerned} transactions of the past from ${past.answers.least} to ${past.answers.most}; in the attack from ${attack.answers.least} to ${attack.answers.most}.`,
    on: 'valuation',
    where: `fact.source == "${source}" && fact.selector == "${selector}" && size(fact.answer) > 0`,
    when: `fact.answer[0] < amount("${least}") || fact.answer[0] > amount("${most}")`,
    message: `${nameOf(selector)} of ${nameOf(source)} answers {fact.answer[0]} to {fact.reader}.`,
    victims: ['fact.reader'],
  }
}

/** Twice the past maximum, or halfway to the attack if that is less; null if the past reached the same. */
function limitBetween(past: bigint, attack: bigint): bigint | null {
  if (past >= attack) return null
  const half = past + (attack - past) / 2n
  return 2n * past > 0n && 2n * past < half ? 2n * past : half
}

function isKnown(past: Seen, attack: Seen): boolean {
  return past.tooMany || attack.concerned === 0 || [...attack.names].every((name) => past.names.has(name))
}

function exceptFor(field: string, { names }: Seen): string {
  return names.size === 0 ? '' : ` && !(${field} in [${[...names].map((name) => `"${name}"`).join(', ')}])`
}

function idOf(kind: string, ...parts: readonly string[]): string {
  return ['proposed', kind, ...parts.map((part) => part.replace(/^0x/, '').slice(0, 8))]
    .join('-')
    .toLowerCase()
}
