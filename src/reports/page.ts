import { accountText, shortHex } from '../words/account.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { readable } from '../words/readable.ts'
import { type LossSources, leftText, lostText } from './figures.ts'
import { harmText, leverText, type Outcome, type OutcomeSources, outcomeOf } from './outcome.ts'
import type { PrintedContainment, PrintedRecord } from './record.ts'

/** The sources of a page: the record as it is now. */
export type PageSources = OutcomeSources &
  Omit<LossSources, 'findings'> & {
    incident: PrintedRecord['incident']
    findings: PrintedRecord['findings']
    lexicon: Lexicon
  }

export type PageText = {
  /** Must be clear alone, on a phone that shows one line. */
  title: string
  body: string
}

export type PageRequest = {
  /** The attack, the outcome of the response, or the request to people. */
  about: 'attack' | 'outcome' | { title: string }
  /** The instruction for these people: the first line under the title; empty for none. */
  lead: string
  sources: PageSources
}

/**
 * A page: the event, the amount, whether it is stopped, the next action. Everything in it comes from the current
 * record.
 */
export function pageOf({ about, lead, sources }: PageRequest): PageText {
  const { incident, lexicon } = sources
  const outcome = outcomeOf(sources, lexicon)
  const goesOn = sentenceCase(readable(incident.title, lexicon))
  const sentence = sentenceCase(outcome.sentence)
  const answer = outcome.state === 'open' ? '' : `${sentence}.`
  const severity = incident.severity.toUpperCase()
  const sum = sumText(sources, outcome)
  const ending = [attackLine(sources), whereLine(sources)]
  switch (about) {
    case 'attack':
      return {
        title: joined([severity, goesOn, soFar(sources)]),
        body: lines([lead, answer, ...seen(sources), ...ending]),
      }
    case 'outcome':
      return {
        title: joined([wordOf(outcome, incident.severity), sentence, sum]),
        body: lines([lead, ...nextLines(sources, outcome), ...ending]),
      }
    default:
      return {
        title: joined([severity, sentenceCase(about.title), goesOn]),
        body: lines([lead, answer, sum === '' ? '' : `${sentenceCase(sum)}.`, ...ending]),
      }
  }
}

function soFar({ lexicon, ...sources }: PageSources): string {
  const lost = lostText(sources, lexicon.tokens)
  return lost === '' ? '' : `${lost} lost so far`
}

/** `128,000 USDC (16.9 %) lost, 620,800 USDC safe`; safe only once it is contained. */
export function sumText(sources: PageSources, { state }: Pick<Outcome, 'state'>): string {
  const { tokens } = sources.lexicon
  const lost = lostText(sources, tokens)
  const left = leftText(sources, tokens)
  if (lost === '') return ''
  return `${lost} lost${left === '' ? '' : `, ${left} ${state === 'contained' ? 'safe' : 'still at risk'}`}`
}

const WORDS: Readonly<Record<Outcome['state'], string>> = {
  contained: 'CONTAINED',
  failed: 'CONTAINMENT FAILED',
  'needs-people': 'NEEDS YOU',
  none: 'NEEDS YOU',
  sent: 'NOT YET CONTAINED',
  open: '',
}

function wordOf({ state }: Outcome, severity: string): string {
  return WORDS[state] || severity.toUpperCase()
}

/** The next actions, with everything that they need: nobody should have to look up a call at three in the morning. */
function nextLines(sources: PageSources, outcome: Outcome): string[] {
  const { containments, lexicon, incident } = sources
  if (outcome.state === 'contained') {
    const harm = harmText(containments, lexicon)
    return [harm === '' ? '' : `${sentenceCase(harm)}, until you reopen: cordon levers reopen ${incident.id}`]
  }
  if (outcome.state === 'sent') return []
  return containments.filter((one) => isOpen(one)).flatMap((one) => callLines(one, sources))
}

function isOpen({ plan, broadcast, verification }: PrintedContainment): boolean {
  if (plan.purpose !== 'contain' || !plan.lever.armed || plan.byHand !== null) return false
  return broadcast === null || broadcast.state === 'reverted' || verification?.verified === false
}

/** Addresses and calldata in full: they are copied into a wallet. */
function callLines({ plan }: PrintedContainment, { lexicon, proposals }: PageSources): string[] {
  const { lever } = plan
  const reasons = proposals.get(plan.id) ?? []
  return [
    ...reasons.slice(1, 6).map((reason) => `Also: ${readable(reason, lexicon)}.`),
    ...(lever.authority === null ? [] : [`Approve it: cordon approvals sign ${plan.id}`]),
    `Or call ${leverText(plan, lexicon)} yourself${lever.authority === null ? '' : ` as ${lever.authority.address}`}: to ${lever.target}, data ${lever.calldata}`,
  ]
}

function attackLine({ incident, findings, lexicon }: PageSources): string {
  const [hash] = incident.transactions
  if (hash === undefined) return ''
  const block = findings.find(({ transactionHash }) => transactionHash === hash)
  const where = block === undefined ? '' : block.pending ? ' (pending)' : ` (block ${block.blockNumber})`
  const more = incident.transactions.length - 1
  const others = more > 0 ? ` and ${more} more` : ''
  const [actor] = incident.actors
  return `Attack ${shortHex(hash)}${where}${others}${actor === undefined ? '' : `, by ${accountText(actor, lexicon)}`}.`
}

/** The observation, in a sentence: from the most confident finding. */
function seen({ findings, lexicon }: PageSources): string[] {
  const [surest] = [...findings].filter(({ shadow }) => !shadow).sort((a, b) => b.confidence - a.confidence)
  return surest === undefined ? [] : [sentenceCase(readable(surest.message, lexicon))]
}

function whereLine({ incident }: PageSources): string {
  return `Incident: cordon incidents show ${incident.id}`
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ')
}

function lines(all: readonly string[]): string {
  return all.filter((line) => line !== '').join('\n')
}

function sentenceCase(text: string): string {
  return /^[a-z]/.test(text) && !/^\w+\(/.test(text)
    ? `${text.charAt(0).toUpperCase()}${text.slice(1)}`
    : text
}
