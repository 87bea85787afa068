import { getAddress } from 'viem'
import { printable } from '../kit/text.ts'
import { defanged } from './escape.ts'
import { type KnownAccount, knownAccounts } from './known-accounts.ts'
import type { Outgoing } from './outgoing.ts'
import { caip2, isAddress, symbolOf } from './outgoing.ts'

const MOST_SIGNS = 400

/**
 * A table as CSV (RFC 4180, UTF-8, CRLF). Every cell is one line without control characters; a cell that a spreadsheet
 * would read as a formula begins with an apostrophe.
 */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

/** The start of a formula, also after blanks, in its wide form, or where a program strips the quotes first. */
const FORMULA = /^["'\s]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/

function cell(text: string): string {
  const shown = defanged(printable(text, MOST_SIGNS))
  const harmless = FORMULA.test(shown) || FORMULA.test(text.slice(0, MOST_SIGNS)) ? `'${shown}` : shown
  return /[",]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const ADDRESS_COLUMNS = [
  'chain',
  'address',
  'role',
  'confidence',
  'reasons',
  'labels',
  'tlp',
  'first_transaction',
]

/** Every reported account, the attacker’s first: `addresses.csv`. */
export function addressesCsv(out: Outgoing): string {
  return csv([ADDRESS_COLUMNS, ...knownAccounts(out).map((account) => addressRow(out, account))])
}

function addressRow({ chainId, tlp }: Outgoing, account: KnownAccount): string[] {
  const { address, role, confidence, reasons, labels, firstTransaction } = account
  return [
    caip2(chainId),
    getAddress(address),
    role,
    confidence === null ? '' : confidence.toFixed(2),
    reasons.join('; '),
    labels.join('; '),
    `TLP:${tlp}`,
    firstTransaction ?? '',
  ]
}

const LOSS_COLUMNS = ['chain', 'victim', 'asset', 'token_id', 'symbol', 'amount', 'usd', 'tlp']

/** Losses by account, base units: `losses.csv`. */
export function lossesCsv(out: Outgoing): string {
  const rows = (out.found?.victims ?? []).flatMap(({ address, loss }) =>
    loss.map(({ asset, tokenId, amount, usd }) => [
      caip2(out.chainId),
      checksummed(address),
      checksummed(asset),
      tokenId === null ? '' : String(tokenId),
      symbolOf(out, asset) ?? '',
      String(amount),
      usd ?? '',
      `TLP:${out.tlp}`,
    ]),
  )
  return csv([LOSS_COLUMNS, ...rows])
}

/** EIP-55; other words unchanged. */
export function checksummed(text: string): string {
  return isAddress(text) ? getAddress(text) : text
}
