import { inert } from '../../kit/text.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { type AbiType, typeText } from './abi-type.ts'
import type { AbiValue } from './codec.ts'
import type { Decoded, DecodedValue } from './decoder.ts'

export type RenderOptions = {
  nameOf: (address: Address) => string
  /** Characters of one text or bytes, and elements of one list; the rest is counted. */
  most: { characters: number; elements: number }
}

/** `(to: 0x…, amount: 5)`: harmless to print, in text, HTML and Markdown. */
export function renderArguments(values: readonly DecodedValue[], options: RenderOptions): string {
  return `(${values.map((value) => withName(value, options)).join(', ')})`
}

/** Unreadable values are marked as such: silence would look like a call without arguments. */
export function renderDecoded(
  { name, signature, arguments: values }: Decoded,
  options: RenderOptions,
): string {
  const title = name ?? signature.slice(0, 10)
  return values === null ? `${title}(arguments do not fit)` : `${title}${renderArguments(values, options)}`
}

function withName({ name, type, value }: DecodedValue, options: RenderOptions): string {
  const text = renderValue(type, value, options)
  return name === null ? text : `${name}: ${text}`
}

export function renderValue(type: AbiType, value: AbiValue, options: RenderOptions): string {
  if (Array.isArray(value)) return renderList(type, value, options)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  const hex = String(value) as Hex
  if (type.kind === 'address') return options.nameOf(hex)
  const { characters } = options.most
  if (type.kind === 'string') return `"${inert(textOf(hex, 4 * characters), characters)}"`
  const bytes = (hex.length - 2) / 2
  return hex.length <= characters + 2 ? hex : `${hex.slice(0, characters)}… (${bytes} bytes)`
}

function renderList(type: AbiType, values: readonly AbiValue[], options: RenderOptions): string {
  const { elements } = options.most
  const more = values.length > elements ? [`… ${values.length - elements} more`] : []
  const shown = values.slice(0, elements)
  if (type.kind !== 'tuple') {
    const of = type.kind === 'array' ? type.of : type
    return `[${[...shown.map((value) => renderValue(of, value, options)), ...more].join(', ')}]`
  }
  const parts = shown.map((value, i) => {
    const part = type.of[i]
    return part === undefined ? '' : withName({ ...part, value }, options)
  })
  return `{${[...parts, ...more].join(', ')}}`
}

/** The text of bytes that should be UTF-8: invalid bytes become U+FFFD. */
function textOf(hex: Hex, most: number): string {
  const bytes = hex.slice(2, 2 + 2 * most).match(/../g) ?? []
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)))
}

/** Solidity's panics (language documentation, “Panic via assert and Error via require”). */
const PANICS: Readonly<Record<string, string>> = {
  '0': 'generic panic',
  '1': 'assertion failed',
  '17': 'arithmetic overflow or underflow',
  '18': 'division by zero',
  '33': 'no such value of an enum',
  '34': 'storage bytes wrongly encoded',
  '49': 'pop of an empty array',
  '50': 'index out of bounds',
  '65': 'too much memory',
  '81': 'call of an uninitialised function',
}

/** A revert’s reason in words. */
export function renderError(decoded: Decoded, options: RenderOptions): string {
  const [first] = decoded.arguments ?? []
  if (decoded.signature === 'Error(string)' && first !== undefined)
    return renderValue(first.type, first.value, options)
  if (decoded.signature === 'Panic(uint256)' && typeof first?.value === 'bigint') {
    const code = `0x${first.value.toString(16).padStart(2, '0')}`
    return `panic ${code}: ${PANICS[String(first.value)] ?? 'a code that Solidity does not have'}`
  }
  return renderDecoded(decoded, options)
}

/** Arguments for machines: the types as signatures write them, values as text. */
export function recordArguments(
  values: readonly DecodedValue[],
  options: RenderOptions,
): { name: string | null; type: string; value: string }[] {
  return values.map(({ name, type, value }) => ({
    name,
    type: typeText(type),
    value: renderValue(type, value, options),
  }))
}
