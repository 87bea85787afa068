import type { Line } from './document.ts'
import { code, joined, text } from './document.ts'

export type Names = ReadonlyMap<string, string>

/** Characters of a name at most: whoever deploys a token chooses it. */
const LONGEST_NAME = 60

/** An account, a hash: as code; what is redacted as plain words. */
export function hex(value: string): Line {
  return [value.startsWith('0x') ? code(value) : text(value)]
}

/** An account with its name where it has one. */
export function account(address: string, names: Names): Line {
  const name = names.get(address)
  return name === undefined ? hex(address) : [text(`${shortened(name)} `), ...hex(address)]
}

export function accounts(addresses: readonly string[], names: Names): Line {
  return addresses.length === 0
    ? [text('none named')]
    : joined(addresses.map((address) => account(address, names)))
}

/** An asset, with the number of the token where each is its own. */
export function asset(id: string, tokenId: bigint | null, names: Names): Line {
  const number = tokenId === null ? [] : [text(` #${tokenId}`)]
  return id === 'native' ? [text('native'), ...number] : [...account(id, names), ...number]
}

export function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}

/** A text that may name accounts and transactions: those as code, with the names they have. */
export function prose(words: string, names: Names): Line {
  return words
    .split(/(0x(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f]))/i)
    .flatMap((part, index) => (index % 2 === 1 ? account(part, names) : part === '' ? [] : [text(part)]))
}

const COIN = 10n ** 18n

/** Base units; of the native coin also as whole ones, as its decimals are known. */
export function amountOf(id: string, amount: bigint): Line {
  if (id !== 'native' || amount < COIN / 1_000_000n) return [text(String(amount))]
  const rest = (amount % COIN).toString().padStart(18, '0').slice(0, 6).replace(/0+$/, '')
  return [text(`${amount} (${amount / COIN}${rest === '' ? '' : `.${rest}`} coins)`)]
}

/** Dollars with two decimals as people read them. */
export function dollars(usd: string | undefined): Line {
  return [text(usd === undefined ? '–' : usd.replace(/\B(?=(\d{3})+(?=\.))/g, ','))]
}

export function cents(usd: string): bigint {
  return BigInt(usd.replace('.', ''))
}

export function fromCents(amount: bigint): string {
  const digits = amount.toString().replace('-', '').padStart(3, '0')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
