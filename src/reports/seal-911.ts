import { printable } from '../kit/text.ts'
import type { Reporter } from '../model/report.ts'
import { iso } from './document.ts'
import { defanged } from './escape.ts'
import { blank } from './freeze-request.ts'
import { isHostile, knownAccounts, STOLEN_KEY } from './known-accounts.ts'
import type { Outgoing } from './outgoing.ts'
import { amountText, caip2, transactionsOf } from './outgoing.ts'

/** Telegram's limit for one message. */
export const TELEGRAM_MOST = 4_096
/** Number of entries of each list: the first that fits. */
const STEPS = [20, 12, 8, 5, 3, 1]

export type Seal911 = { reporter: Reporter | undefined; help: string | undefined }

/**
 * The message to SEAL 911, as plain text for Telegram: the attacked contracts, the current state, the assets at risk,
 * the attacker, the measures tried, the help needed, and how to verify the sender. Never longer than one message.
 */
export function seal911(out: Outgoing, request: Seal911): string {
  for (const most of STEPS) {
    const message = messageWith(out, request, most)
    if (message.length <= TELEGRAM_MOST) return message
  }
  return `${messageWith(out, request, 1).slice(0, TELEGRAM_MOST - 2)}…\n`
}

/** A stranger’s text: no link, no mention, no command and no tag either, which Telegram turns into links. */
function plain(text: string, max = 160): string {
  return defanged(printable(text, max))
    .replace(/\.(?=[\p{L}\p{N}])/gu, '[.]')
    .replace(/(?<![\p{L}\p{N}])([/#$])(?=[\p{L}\p{N}_])/gu, '[$1]')
}

/** A token’s name is a stranger’s text; the number before it is Cordon's, and stays unchanged. */
function said(symbol: string): string {
  return plain(symbol, 60)
}

function messageWith(out: Outgoing, { reporter, help }: Seal911, most: number): string {
  const { incident, names, chainId } = out
  const named = (incident?.protected ?? []).flatMap((address) => names.get(address) ?? [])
  const accounts = knownAccounts(out)
  const stolen = accounts.filter(({ role }) => role === STOLEN_KEY).map(({ address }) => address)
  const drill = incident?.kind === 'drill' ? ['THIS IS A DRILL. Nobody is harmed.'] : []
  return [
    ...drill,
    `SEAL 911 request, TLP:${out.tlp}`,
    `Protocol: ${
      named.length === 0
        ? blank('name, website')
        : named
            .slice(0, most)
            .map((name) => plain(name, 60))
            .join(', ')
    }`,
    `Chain: ${caip2(chainId)}`,
    `What: ${plain(incident?.title ?? 'an attack')}`,
    `State: ${incident === null ? blank('ongoing or over') : `${incident.state}, ${incident.severity}`}; began ${out.beganAt === null ? 'at a time not known' : iso(out.beganAt)}, seen ${iso(out.knownAt)}`,
    `Cause: ${causeOf(out)}`,
    section('Lost', lossLines(out), most),
    `At risk: ${atRisk(out)}`,
    section(
      'Attacker',
      accounts.filter(isHostile).map(({ address, role }) => `${address} ${plain(role, 20)}`),
      most,
    ),
    ...(stolen.length === 0 ? [] : [section('Our own accounts, keys stolen', stolen, most)]),
    section(
      'Attacked',
      accounts.filter(({ role }) => role === 'victim').map(({ address }) => address),
      most,
    ),
    section('Transactions', transactionsOf(out), most),
    section('Where it is now', whereLines(out), most),
    section('Tried', triedLines(out), most),
    `Help wanted: ${help === undefined ? blank('containment, tracing, contacts at exchanges or issuers') : plain(help, 300)}`,
    `From: ${reporter === undefined ? blank('who you are') : plain(reporter.name, 100)}, ${reporter?.contact === undefined ? blank('contact') : ownWords(reporter.contact)}`,
    `How to check that it is us: ${reporter?.proof === undefined ? blank('a public page that names this contact') : ownWords(reporter.proof)}`,
    '',
  ].join('\n')
}

/** The sender’s own contact may be a link. */
function ownWords(text: string): string {
  return printable(text, 200)
}

function section(title: string, lines: readonly string[], most: number): string {
  if (lines.length === 0) return `${title}: not known`
  const left = lines.length - most
  return [
    `${title}:`,
    ...lines.slice(0, most).map((line) => `- ${line}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
  ].join('\n')
}

function causeOf({ found }: Outgoing): string {
  if (found === null) return 'not investigated yet'
  const { category, function: name, confidence } = found.rootCause
  if (category === 'unknown') return 'not known'
  const where = name === null ? '' : ` in ${plain(name, 80)}`
  return `${plain(category, 60)}${where}, ${Math.round(confidence * 100)} % by our rules`
}

function lossLines(out: Outgoing): string[] {
  return (out.found?.victims ?? []).flatMap(({ loss }) =>
    loss.map((one) => `${amountText(out, one, said)}${one.usd === undefined ? '' : `, ${one.usd} USD`}`),
  )
}

function atRisk({ found }: Outgoing): string {
  if (found === null) return blank('what can still be taken')
  const { sameCode, approvals, siblings = [], atRisk: tried = [] } = found.scope
  const known = [
    [sameCode.length, 'contract with the same code', 'contracts with the same code'],
    [siblings.length, 'contract with similar code', 'contracts with similar code'],
    [
      tried.filter(({ outcome }) => outcome === 'drained').length,
      'that the same attack drains now',
      'that the same attack drains now',
    ],
    [approvals.length, 'approval outstanding', 'approvals outstanding'],
  ] as const
  const told = known
    .filter(([count]) => count > 0)
    .map(([count, one, more]) => `${count} ${count === 1 ? one : more}`)
  return told.length === 0 ? 'nothing else known from these transactions' : told.join(', ')
}

function whereLines(out: Outgoing): string[] {
  return (out.found?.fundFlow.nodes ?? [])
    .filter(({ held, kind }) => held.length > 0 && kind !== 'victim')
    .map(({ id, kind, held, label }) => {
      const [first] = held
      const what = first === undefined ? 'nothing' : amountText(out, first, said)
      const name = label === null ? '' : ` ${plain(label.name, 40)}`
      return `${id} ${kind}${name}: ${what}${held.length > 1 ? ` and ${held.length - 1} more assets` : ''}`
    })
}

function triedLines({ containments }: Outgoing): string[] {
  return containments.map(({ plan, broadcast, verification }) => {
    const sent = broadcast?.state ?? (plan.byHand === null ? 'not sent' : 'called by hand')
    const held =
      verification === null ? 'not verified' : verification.verified ? 'verified' : 'failed its check'
    return `${plain(plan.lever.signature, 80)}: ${sent}, ${held}`
  })
}
