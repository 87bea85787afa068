import { inert, printable } from '../kit/text.ts'
import type { Frame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { selectorOf } from '../model/hex.ts'
import type { Decoder } from './decode/decoder.ts'
import { precompileName } from './decode/precompiles.ts'
import { type RenderOptions, renderArguments, renderDecoded, renderError } from './decode/render.ts'

export type LineOptions = {
  /** address → its name here */
  names: ReadonlyMap<Address, string>
  marked: ReadonlySet<number>
  decoder?: Decoder | undefined
}

const MOST_CALL = 240
const MOST_REASON = 120

/** One frame: the call, its arguments, the result, the gas, and the reason if it failed. */
export function callLine(frame: Frame, options: LineOptions): string {
  const { names, marked } = options
  const mark = marked.has(frame.index) ? '▶' : ' '
  const value = frame.value > 0n ? ` {${frame.value} wei}` : ''
  const gas = frame.gasUsed > 0 ? ` [${frame.gasUsed} gas]` : ''
  const failed = frame.error === null ? '' : ` ✗ ${reasonOf(frame, options) ?? printable(frame.error, 60)}`
  const to = frame.to === null ? '(nobody)' : (names.get(frame.to) ?? precompileName(frame.to) ?? frame.to)
  return `${mark}${String(frame.index).padStart(5)} ${indent(frame.depth)}${frame.type} ${to}${calledIn(frame, options)}${value}${gas}${failed}`
}

/** The reason why a frame reverted, in words; undefined if it gave none. Harmless to print. */
export function reasonOf(frame: Frame, options: LineOptions): string | undefined {
  const decoded = options.decoder?.error(frame)
  const source = decoded === undefined || isVouched(decoded.source) ? '' : ` (${decoded.source})`
  if (decoded !== undefined) return `${renderError(decoded, renderFor(options, MOST_REASON))}${source}`
  if (frame.revertReason !== null) return inert(frame.revertReason, 60)
  return frame.error !== null && frame.output.length > 2
    ? `reverted with ${printable(frame.output, 74)}`
    : undefined
}

function calledIn(frame: Frame, options: LineOptions): string {
  if (frame.type.startsWith('CREATE') || frame.type === 'SELFDESTRUCT') return ''
  if (precompileName(frame.to) !== undefined) return ''
  const decoded = options.decoder?.call(frame)
  if (decoded === undefined) return ` ${selectorOf(frame.input) ?? '(no function)'}`
  const render = renderFor(options, 66)
  const returned = options.decoder?.returned(frame) ?? []
  const gave = returned.length === 0 ? '' : ` → ${renderArguments(returned, render)}`
  const source = isVouched(decoded.source) ? '' : ` (${decoded.source})`
  return ` ${printable(`${renderDecoded(decoded, render)}${gave}`, MOST_CALL)}${source}`
}

/** A vouched source needs no remark. */
function isVouched(source: string): boolean {
  return source === 'given' || source === 'shipped'
}

function renderFor({ names }: LineOptions, characters: number): RenderOptions {
  return { nameOf: (address) => names.get(address) ?? address, most: { characters, elements: 6 } }
}

export function indent(depth: number): string {
  // Beyond twelve the indentation would push everything off the screen.
  return depth <= 12 ? '  '.repeat(depth) : `${'  '.repeat(12)}(${depth}) `
}
