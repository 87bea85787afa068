import { printable } from '../kit/text.ts'
import type { Frame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { selectorOf } from '../model/hex.ts'

export type TreeOptions = {
  /** address → what it is called here */
  names: ReadonlyMap<Address, string>
  /** Frames that the findings point at: marked, and never folded. */
  marked: ReadonlySet<number>
  /** Show reads too; they are folded by default. */
  full: boolean
}

/** The call tree, a line a frame, indented by depth; runs of reads are folded into one line that counts them. */
export function callTree(frames: readonly Frame[], options: TreeOptions): string[] {
  const lines: string[] = []
  let folded = 0
  const flush = (depth: number): void => {
    if (folded > 0) lines.push(`${indent(depth)}  … ${folded} ${folded === 1 ? 'read' : 'reads'}`)
    folded = 0
  }
  let last = 0
  for (const frame of frames) {
    if (isFolded(frame, options)) {
      folded++
      continue
    }
    flush(last)
    lines.push(lineOf(frame, options))
    last = frame.depth
  }
  flush(last)
  return lines
}

function isFolded(frame: Frame, { full, marked }: TreeOptions): boolean {
  if (full || marked.has(frame.index) || frame.value > 0n) return false
  return frame.type === 'STATICCALL' || frame.type === 'DELEGATECALL'
}

function lineOf(frame: Frame, { names, marked }: TreeOptions): string {
  const mark = marked.has(frame.index) ? '▶' : ' '
  const what = frame.type.startsWith('CREATE') ? '' : ` ${selectorOf(frame.input) ?? '(no function)'}`
  const value = frame.value > 0n ? ` {${frame.value} wei}` : ''
  const failed = frame.error === null ? '' : ` ✗ ${printable(frame.revertReason ?? frame.error, 60)}`
  const to = frame.to === null ? '(nobody)' : (names.get(frame.to) ?? frame.to)
  return `${mark}${String(frame.index).padStart(5)} ${indent(frame.depth)}${frame.type} ${to}${what}${value}${failed}`
}

function indent(depth: number): string {
  // Beyond twelve the indentation would push everything off the screen.
  return depth <= 12 ? '  '.repeat(depth) : `${'  '.repeat(12)}(${depth}) `
}
