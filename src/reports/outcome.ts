import { accountText } from '../words/account.ts'
import { callText, functionText } from '../words/call.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { readable } from '../words/readable.ts'
import { counted } from '../words/share.ts'
import type { PrintedContainment, PrintedRecord } from './record.ts'

/** The sources from which the outcome of a response is derived. */
export type OutcomeSources = {
  incident: Pick<PrintedRecord['incident'], 'state' | 'protected' | 'kind' | 'severity'>
  containments: readonly PrintedContainment[]
  /** The reasons why plans were left to people, by plan: the newest reasons. */
  proposals: ReadonlyMap<string, readonly string[]>
  /** The errors while carrying out plans, the newest last. */
  errors: readonly string[]
}

/**
 * The outcome of the response: `open` before anything was tried; `sent` until the chain confirms; `none` if there is no
 * lever to pull.
 */
export type Outcome = {
  state: 'open' | 'sent' | 'contained' | 'failed' | 'needs-people' | 'none'
  /** One sentence without its full stop: the result, and the contract. */
  sentence: string
}

type Part = Outcome & { weight: number }

/** The outcome, from the plan that people must know of first: a failure before a proposal before a success. */
export function outcomeOf(sources: OutcomeSources, lexicon: Lexicon): Outcome {
  const { incident, containments, errors } = sources
  const newest = new Map(
    containments.filter(({ plan }) => plan.purpose === 'contain').map((one) => [targetOf(one), one]),
  )
  const parts = [...newest.values()].map((one) => partOf(one, sources, lexicon))
  const isContained = incident.state === 'contained' || incident.state === 'stable'
  const worst = [...parts].sort((a, b) => b.weight - a.weight)[0]
  if (isContained && parts.every(({ state }) => state === 'contained'))
    return togetherOf(parts, incident.state)
  if (isContained)
    return { state: 'contained', sentence: `${namesOf(incident.protected, lexicon)} is ${incident.state}` }
  const error = errors.at(-1)
  if (worst === undefined || (worst.state === 'open' && error !== undefined))
    return error === undefined
      ? { state: 'open', sentence: 'nothing has been tried yet' }
      : { state: 'failed', sentence: readable(error, lexicon).replace(/\.$/, '') }
  return { state: worst.state, sentence: worst.sentence }
}

function togetherOf(parts: readonly Part[], state: string): Outcome {
  const sentence = parts.map((part) => part.sentence).join('; ')
  return { state: 'contained', sentence: sentence === '' ? `it is ${state}` : sentence }
}

function namesOf(accounts: readonly string[], lexicon: Lexicon): string {
  return accounts.map((account) => accountText(account, lexicon)).join(', ') || 'it'
}

function targetOf({ plan }: PrintedContainment): string {
  return plan.protects ?? plan.lever.target
}

/** `pause()` of a lever, by its calldata if a signature is known, otherwise in the words of the lever. */
export function leverText({ lever }: Pick<PrintedContainment['plan'], 'lever'>, lexicon: Lexicon): string {
  const { signature, calldata } = lever
  if (!/^0x[0-9a-f]*$/.test(calldata)) return signature
  const call = callText(calldata as `0x${string}`, lexicon)
  return call.startsWith('the function') ? signature : call
}

function partOf(one: PrintedContainment, { proposals }: OutcomeSources, lexicon: Lexicon): Part {
  const { plan, broadcast, verification } = one
  const call = leverText(plan, lexicon)
  const whom = accountText(targetOf(one), lexicon)
  const where =
    plan.lever.target === targetOf(one) ? '' : ` (${call} on ${accountText(plan.lever.target, lexicon)})`
  const broken = verification?.checks.filter(({ passed }) => !passed) ?? []
  const hand = plan.byHand
  const byWhom = hand === null ? '' : ` by hand by ${hand.who}`
  if (!plan.lever.armed && broadcast === null)
    return { weight: 0, state: 'contained', sentence: `${whom} was already stopped by ${call}` }
  if (broadcast?.state === 'reverted' || broadcast?.state === 'abandoned')
    return {
      weight: 5,
      state: 'failed',
      sentence: `${call} on ${whom} was ${broadcast.state}: nothing is stopped`,
    }
  if (verification?.verified === false)
    return {
      weight: 5,
      state: 'failed',
      sentence: `${call} on ${whom} does not hold: ${failedText(broken, lexicon)}`,
    }
  if (verification?.verified === true)
    return {
      weight: 1,
      state: 'contained',
      sentence: `${whom} stopped${where === '' ? ` by ${call}` : where}${hand === null ? '' : `, called${byWhom}`} in block ${hand?.blockNumber ?? broadcast?.blockNumber ?? verification.atBlock}, verified (${verification.checks.length} of ${verification.checks.length} checks)`,
    }
  if (hand !== null)
    return {
      weight: 3,
      state: 'sent',
      sentence: `${call} on ${whom} was called${byWhom} in block ${hand.blockNumber} and is not yet verified`,
    }
  if (broadcast !== null)
    return {
      weight: 3,
      state: 'sent',
      sentence: `${call} on ${whom} was sent ${broadcast.state === 'mined' ? `and is in block ${broadcast.blockNumber}, not yet verified` : 'and is not in a block yet'}`,
    }
  const reasons = proposals.get(plan.id) ?? []
  if (plan.lever.authority === null)
    return {
      weight: 4,
      state: 'none',
      sentence: `nothing was sent for ${whom}: nobody known may call ${call}`,
    }
  if (reasons.length > 0)
    return {
      weight: 4,
      state: 'needs-people',
      sentence: `nothing was sent for ${whom} because ${readable(reasons[0] ?? '', lexicon)}${reasons.length > 1 ? ` (and ${counted(reasons.length - 1, 'more reason')})` : ''}`,
    }
  return { weight: 2, state: 'open', sentence: `${call} on ${whom} is being tried` }
}

type Checks = NonNullable<PrintedContainment['verification']>['checks']

function failedText(checks: Checks, lexicon: Lexicon): string {
  const first = checks[0]
  if (first === undefined) return 'no check passed'
  return readable(`${first.check}: ${first.detail}`, lexicon)
}

/**
 * The functions that users can no longer call, and those that stay open: `exercise() and write() are blocked; deposit()
 * stays open`; empty if nothing was tried.
 */
export function harmText(containments: readonly PrintedContainment[], lexicon: Lexicon): string {
  const effects = containments.flatMap(({ simulation }) => Object.entries(simulation?.opEffects ?? {}))
  const named = (wanted: string): string[] => [
    ...new Set(
      effects.filter(([, effect]) => effect === wanted).map(([selector]) => functionText(selector, lexicon)),
    ),
  ]
  const [blocked, open] = [named('blocked'), named('open')]
  return [
    blocked.length === 0
      ? ''
      : `${listed(blocked)} ${blocked.length === 1 ? 'is' : 'are'} blocked for everybody`,
    open.length === 0 ? '' : `${listed(open)} ${open.length === 1 ? 'stays' : 'stay'} open`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

const MOST_LISTED = 4

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED)
  const more = names.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
