import { losersIn } from '../model/investigation.ts'
import type { RecipientKind, Reporter } from '../model/report.ts'
import { inUnits } from '../model/token.ts'
import { centsOf, usdText } from '../model/usd.ts'
import type { Block, Line, ReportDocument } from './document.ts'
import { code, heading, iso, list, paragraph, strong, table, text } from './document.ts'
import type { Outgoing } from './outgoing.ts'
import { caip2, symbolOf, tokenOf, transactionsOf } from './outgoing.ts'
import { account, asset, dollars, hex } from './parts.ts'
import type { Holding, Movement, Recipient, Traced } from './traced.ts'

const MOST_ROWS = 200
const MOST_MOVEMENTS = 60

/** A lever that only an issuer can pull: found on a token, or (`target` null) from the catalogue. */
export type IssuerLever = { target: string | null; protocol: string; signature: string; trap: string }

export type FreezeRequest = {
  recipient: Recipient
  traced: Traced
  reporter: Reporter | undefined
  /** A request names the levers that fit its tokens. */
  levers: readonly IssuerLever[]
  /** Milliseconds since the epoch. */
  writtenAt: number
}

const WHAT: Readonly<Record<RecipientKind, string>> = {
  exchange: 'Hold the amounts below in the accounts that are credited from these addresses.',
  issuer: 'Freeze your token in the accounts below.',
  bridge: 'Hold transfers that are not paid out yet, and tell us where the others went.',
}

/** A blank for information that only the sender has. */
export function blank(what: string): string {
  return `[to be filled in: ${what}]`
}

/** A request to an exchange, an issuer or a bridge to stop the funds that were traced to it. */
export function freezeRequest(out: Outgoing, request: FreezeRequest): ReportDocument {
  const { recipient, traced } = request
  const drill = out.incident?.kind === 'drill'
  return {
    title: `${drill ? 'DRILL: ' : ''}Request to ${recipient.name}: freeze stolen funds`,
    tlp: out.tlp,
    audience: out.audience,
    blocks: [
      ...(drill ? [callout('This is a drill. Nothing was stolen. Do not freeze anything.')] : []),
      ...whoBlocks(out, request),
      heading(2, 'What happened'),
      paragraph(text(happened(out, request))),
      ...askedBlocks(recipient.kind),
      ...holdingBlocks(out, traced.holdings),
      ...leverBlocks(out, request),
      ...transactionBlocks(out),
      ...wayBlocks(out, traced.way),
      ...proofBlocks(out),
      ...answerBlocks(request),
    ],
  }
}

function callout(words: string): Block {
  return { kind: 'callout', tone: 'warning', line: [text(words)] }
}

function whoBlocks({ incident, chainId, tlp }: Outgoing, { reporter, writtenAt }: FreezeRequest): Block[] {
  const row = (name: string, words: string): Line[] => [[text(name)], [text(words)]]
  return [
    heading(2, 'Who asks'),
    table(
      ['', '*'],
      [
        row('From', reporter?.name ?? blank('who asks')),
        row('Contact', reporter?.contact ?? blank('a person who answers at any hour')),
        row(
          'How to check that it is us',
          reporter?.proof ?? blank('a public page or key that names this contact'),
        ),
        row('Our reference', incident?.id ?? 'an investigation without an incident'),
        row('Chain', caip2(chainId)),
        row('Written', iso(writtenAt)),
        row('Mark', `TLP:${tlp}`),
      ],
    ),
  ]
}

/** In three sentences: the stolen funds, the method, and the part that is with the recipient. */
function happened(out: Outgoing, { traced, recipient }: FreezeRequest): string {
  const count = transactionsOf(out).length
  const when = out.beganAt === null ? '' : `, at ${iso(out.beganAt)}`
  const cause = out.found?.rootCause.category
  const known = cause !== undefined && cause !== 'unknown' && !cause.startsWith('[redacted')
  const places = new Set(traced.holdings.map(({ account: { id } }) => id)).size
  return [
    `On ${caip2(out.chainId)}${when}, ${lostInWords(out)} in ${count} ${count === 1 ? 'transaction' : 'transactions'}.`,
    known
      ? `The rules of our investigation name ${cause} as the most likely cause.`
      : 'This request does not state the cause.',
    `At block ${traced.toBlock} part of it is traced to ${places} ${places === 1 ? 'account' : 'accounts'} that ${belongs(recipient.kind, places)}.`,
  ].join(' ')
}

function belongs(kind: RecipientKind, places: number): string {
  if (kind === 'issuer') return places === 1 ? 'holds your token' : 'hold your token'
  return places === 1 ? 'is yours' : 'are yours'
}

function lostInWords({ found }: Outgoing): string {
  const victims = losersIn(found?.victims ?? [])
  const losses = victims.flatMap(({ loss }) => loss)
  const priced = losses.flatMap(({ usd }) => (usd === undefined ? [] : [centsOf(usd)]))
  const who = `${victims.length} ${victims.length === 1 ? 'account' : 'accounts'} lost`
  if (priced.length === 0) return `${who} assets whose price we do not know`
  const [total] = dollars(usdText(priced.reduce((sum, amount) => sum + amount, 0n)))
  return `${who} ${priced.length < losses.length ? 'more than ' : ''}${total?.text ?? ''} US dollars`
}

function askedBlocks(kind: RecipientKind): Block[] {
  return [
    heading(2, 'What we ask'),
    list([
      [text(WHAT[kind])],
      [text('Watch these accounts, and tell us when funds move.')],
      [text('Keep your records of them (accounts, sessions, payments) for the authorities.')],
      [strong('Legal basis:'), text(` ${blank('law, case number, authority, deadline')}`)],
    ]),
  ]
}

function holdingBlocks(out: Outgoing, holdings: readonly Holding[]): Block[] {
  const rows = holdings
    .slice(0, MOST_ROWS)
    .map(({ account: { id, kind, label }, asset: held, tokenId, haircut, fifo }) => [
      account(id, out.names),
      [text(label === null ? kind : `${kind}: ${label.name} (${label.source})`)],
      [...asset(held, tokenId, out.names), ...symbolLine(out, held)],
      amountLine(out, held, haircut),
      amountLine(out, held, fifo),
    ])
  return [
    heading(2, 'Accounts and traced amounts'),
    paragraph(
      text(
        'Amounts are base units (whole tokens in brackets where their decimals are known), by two methods: haircut (a payment carries the payer’s share of stolen funds) and FIFO (the funds that came first leave first).',
      ),
    ),
    table(['account**', 'what it is*', 'asset**', '>haircut', '>FIFO'], rows),
    ...more(holdings.length, MOST_ROWS, 'holdings are in the investigation'),
  ]
}

/** Base units, which nobody can misread, and whole tokens if the decimals are known. */
function amountLine(out: Outgoing, held: string, amount: bigint): Line {
  const { decimals } = tokenOf(out, held)
  if (decimals === undefined || decimals === 0) return [text(String(amount))]
  return [text(`${amount} (${inUnits(amount, decimals)})`)]
}

function symbolLine(out: Outgoing, held: string): Line {
  const symbol = symbolOf(out, held)
  return symbol === undefined || out.names.has(held) ? [] : [text(` ${symbol.slice(0, 40)}`)]
}

function more(count: number, most: number, what: string): Block[] {
  return count > most ? [paragraph(text(`… and ${count - most} more ${what}.`))] : []
}

/**
 * As found on the token itself, otherwise from the catalogue where a name fits: anybody can give a token such a name.
 */
function leverBlocks(out: Outgoing, { recipient, traced, levers }: FreezeRequest): Block[] {
  if (recipient.kind !== 'issuer') return []
  const tokens = [...new Set(traced.holdings.map(({ asset: held }) => held))]
  const items = tokens.flatMap((token): Line[] => {
    const found = levers.filter(({ target }) => target === token)
    const symbol = tokenOf(out, token).symbol?.toUpperCase()
    const named = levers.filter(
      ({ target, protocol }) => target === null && protocol.toUpperCase() === symbol,
    )
    return (found.length > 0 ? found : named).map(({ target, protocol, signature, trap }) => [
      ...hex(token),
      text(
        target === null
          ? `: tokens named ${protocol} have, by our catalogue, `
          : ': found on this contract: ',
      ),
      code(signature),
      text(` (${trap}).${target === null ? ' We did not try it on this contract.' : ''}`),
    ])
  })
  return items.length === 0 ? [] : [heading(2, 'The lever that only you have'), list(items)]
}

function transactionBlocks(out: Outgoing): Block[] {
  const hashes = transactionsOf(out)
  return [
    heading(2, 'Transactions of the attack'),
    list(hashes.slice(0, MOST_ROWS).map((hash) => [text(`${caip2(out.chainId)} `), code(hash)])),
    ...more(hashes.length, MOST_ROWS, 'transactions'),
  ]
}

function wayBlocks(out: Outgoing, way: readonly Movement[]): Block[] {
  const rows = way
    .slice(0, MOST_MOVEMENTS)
    .map(({ blockNumber, transactionHash, from, to, kind, asset: moved, tokenId, tainted, taintedFifo }) => [
      [text(String(blockNumber))],
      hex(transactionHash),
      account(from, out.names),
      account(to, out.names),
      [text(`${kind} of `), ...asset(moved, tokenId, out.names)],
      [text(tainted === taintedFifo ? String(tainted) : `${tainted} / ${taintedFifo}`)],
    ])
  return [
    heading(2, 'How it came there'),
    paragraph(text('In order. Stolen base units by haircut; if FIFO differs, it follows after the slash.')),
    table(['>block', 'transaction**', 'from**', 'to**', 'what*', '>stolen'], rows),
    ...more(way.length, MOST_MOVEMENTS, 'movements are in the investigation'),
  ]
}

function proofBlocks({ evidence }: Outgoing): Block[] {
  return [
    heading(2, 'Evidence'),
    paragraph(
      text('Everything above can be read from the chain.'),
      ...(evidence === null
        ? []
        : [
            text(` Our record of it is a hash chain of ${evidence.count} links with the head `),
            code(evidence.head),
            text('. We can send it as an archive that verifies itself offline.'),
          ]),
    ),
  ]
}

function answerBlocks({ reporter }: FreezeRequest): Block[] {
  return [
    heading(2, 'How to answer'),
    paragraph(
      text('Please report what you froze, in which amount, and what had already left, to '),
      text(reporter?.contact ?? blank('contact')),
      text('. Accounts may belong to people who know nothing about this: we name accounts, not people.'),
    ),
  ]
}
