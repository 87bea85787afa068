import { inUnits } from '../model/token.ts'
import type { Line } from './document.ts'
import { code, joined, text } from './document.ts'

export type Names = ReadonlyMap<string, string>

/** Maximum number of characters of a name: the deployer of a token chooses it. */
const LONGEST_NAME = 60

/** An account or a hash as code; redacted values as plain words. */
export function hex(value: string): Line {
  return [value.startsWith('0x') ? code(value) : text(value)]
}

/** An account with its name if it has one. */
export function account(address: string, names: Names): Line {
  const name = names.get(address)
  return name === undefined ? hex(address) : [text(`${shortened(name)} `), ...hex(address)]
}

export function accounts(addresses: readonly string[], names: Names): Line {
  return addresses.length === 0
    ? [text('none named')]
    : joined(addresses.map((address) => account(address, names)))
}

/** An asset, with the token id if tokens are not interchangeable. */
export function asset(id: string, tokenId: bigint | null, names: Names): Line {
  const number = tokenId === null ? [] : [text(` #${tokenId}`)]
  return id === 'native' ? [text(names.get(id) ?? 'native'), ...number] : [...account(id, names), ...number]
}

export function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}

/**
 * A text that may name accounts and transactions: those as code, with their names; those in brackets are already named.
 */
export function prose(words: string, names: Names): Line {
  const parts = words.split(/(0x(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f]))/i)
  return parts.flatMap((part, index) => {
    if (index % 2 === 0) return part === '' ? [] : [text(part)]
    return parts[index - 1]?.endsWith('(') === true ? hex(part) : account(part, names)
  })
}

/** An investigation's data about assets; only decimals and symbols are used here. */
export type Assets = readonly {
  readonly asset: string
  readonly symbol: string | null
  readonly decimals: number | null
  readonly vouched: boolean
}[]

/** The native coin of every chain that Cordon watches has 18 decimals. */
const COIN_DECIMALS = 18

/** In whole tokens if the decimals are known, otherwise in base units, labelled as such. */
export function amountOf(id: string, amount: bigint, assets: Assets): Line {
  const known = assets.find(({ asset: one }) => one === id)?.decimals ?? null
  const decimals = known ?? (id === 'native' ? COIN_DECIMALS : null)
  return [text(decimals === null ? `${amount} base units` : inUnits(amount, decimals))]
}

/** Names with the symbols of assets; in quotes if only the contract itself claims them. */
export function withSymbols(names: Names, assets: Assets): Names {
  const symbols = assets.flatMap(({ asset: id, symbol, vouched }): [string, string][] =>
    symbol === null || names.has(id) ? [] : [[id, vouched ? symbol : `“${symbol}”`]],
  )
  return new Map([...symbols, ...names])
}

/** Dollars with two decimals. */
export function dollars(usd: string | undefined): Line {
  return [text(usd === undefined ? '–' : usd.replace(/\B(?=(\d{3})+(?=\.))/g, ','))]
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
