import type { Lexicon } from './lexicon.ts'

/** A longer text is not a name but an attempt to fill a page. */
const LONGEST_NAME = 60

/** `0xa513…c853`: an address or a hash, shortened in the middle; anything shorter stays as it is. */
export function shortHex(value: string): string {
  return /^0x[0-9a-f]{40,}$/i.test(value) ? `${value.slice(0, 6)}…${value.slice(-4)}` : value
}

/** An account in readable form: its label where it has one, else its short form. */
export function accountText(address: string, { names }: Pick<Lexicon, 'names'>): string {
  const name = names.get(address)
  if (name === undefined) return shortHex(address)
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}
