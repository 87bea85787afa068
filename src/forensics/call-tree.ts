import { printable } from '../kit/text.ts'
import type { Frame } from '../model/block.ts'
import { type Address, type Hex, selectorOf } from '../model/hex.ts'
import { callLine, indent, type LineOptions, reasonOf } from './call-line.ts'
import { renderArguments } from './decode/render.ts'
import { repeatsIn } from './fold.ts'

/** The part of a tree to show; all of it by default. */
export type TreeView = {
  /** Only frames with this in their name, address, selector, arguments or reason, and the frames around them. */
  find?: string | undefined
  /** Deepest level shown; deeper frames are counted. */
  depth?: number | undefined
}

export type TreeOptions = LineOptions & {
  /** address → its name here */
  names: ReadonlyMap<Address, string>
  /** Frames that the findings point at: marked, and never folded. */
  marked: ReadonlySet<number>
  /** Show reads and repetitions too; they are folded by default. */
  full: boolean
  view?: TreeView | undefined
}

/** The call tree, one line per frame, indented by depth; noise is folded into lines that count it. */
export function callTree(frames: readonly Frame[], options: TreeOptions): string[] {
  const { find } = options.view ?? {}
  return find === undefined || find === '' ? foldedTree(frames, options) : foundIn(frames, options, find)
}

function foldedTree(frames: readonly Frame[], options: TreeOptions): string[] {
  const { full, marked, view } = options
  const deepest = view?.depth ?? Number.POSITIVE_INFINITY
  const repeats = full ? new Map() : repeatsIn(frames, marked)
  const lines: string[] = []
  const folded = createFolded(lines)
  let last = 0
  for (let i = 0; i < frames.length; ) {
    const frame = frames[i]
    if (frame === undefined) break
    const repeat = repeats.get(i)
    if (repeat !== undefined && frame.depth <= deepest && !isFolded(frame, options)) {
      folded.flush(last)
      const body = repeat.calls === 1 ? 'the same' : `the same ${repeat.calls} calls`
      lines.push(
        `${' '.repeat(6)} ${indent(frame.depth)}× ${repeat.times} ${body} (frames ${i} to ${repeat.to - 1})`,
      )
      i = repeat.to
      continue
    }
    const kind = frame.depth > deepest ? 'deeper' : isFolded(frame, options) ? foldedAs(frame) : undefined
    if (kind === undefined) {
      folded.flush(last)
      lines.push(callLine(frame, options))
      last = frame.depth
    } else folded.add(kind)
    i++
  }
  folded.flush(last)
  return lines
}

type Folded = 'read' | 'approval' | 'deeper'

const WORDS: Record<Folded, [one: string, many: string]> = {
  read: ['read', 'reads'],
  approval: ['approval', 'approvals'],
  deeper: ['deeper call', 'deeper calls'],
}

/** Counts the frames hidden since the last shown line. */
function createFolded(lines: string[]): { add(kind: Folded): void; flush(depth: number): void } {
  const counts = new Map<Folded, number>()
  return {
    add(kind) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    },
    flush(depth) {
      if (counts.size === 0) return
      const parts = [...counts].map(([kind, count]) => `${count} ${WORDS[kind][count === 1 ? 0 : 1]}`)
      lines.push(`${indent(depth)}  … ${parts.join(', ')}`)
      counts.clear()
    },
  }
}

/** `approve` and the like: they prepare a transfer that is shown anyway. */
const PLUMBING: ReadonlySet<Hex | undefined> = new Set<Hex>([
  '0x095ea7b3',
  '0x39509351',
  '0xa457c2d7',
  '0xd505accf',
])

function isFolded(frame: Frame, { full, marked }: TreeOptions): boolean {
  if (full || marked.has(frame.index) || frame.value > 0n) return false
  if (frame.error !== null) return frame.type === 'STATICCALL'
  return foldedAs(frame) !== 'approval' || isPlumbing(frame)
}

function foldedAs(frame: Frame): Folded {
  return frame.type === 'STATICCALL' || frame.type === 'DELEGATECALL' ? 'read' : 'approval'
}

function isPlumbing(frame: Frame): boolean {
  return (
    frame.type === 'CALL' &&
    frame.depth > 0 &&
    frame.end === frame.index + 1 &&
    PLUMBING.has(selectorOf(frame.input))
  )
}

function foundIn(frames: readonly Frame[], options: TreeOptions, find: string): string[] {
  const wanted = find.toLowerCase()
  const hits = frames.filter((frame) => searched(frame, options).includes(wanted))
  const shown = new Set<number>()
  for (const { index } of hits)
    for (let at = index; at >= 0 && !shown.has(at); at = frames[at]?.parent ?? -1) shown.add(at)
  const matching = new Set(hits.map(({ index }) => index))
  const lines = frames
    .filter(({ index }) => shown.has(index))
    .map((frame) => {
      const line = callLine(frame, options)
      return matching.has(frame.index) ? `»${line.slice(1)}` : line
    })
  return [...lines, `${hits.length} of ${frames.length} frames`]
}

/** All searchable text of a frame, uncut. */
function searched(frame: Frame, options: TreeOptions): string {
  const { decoder } = options
  const called = decoder?.call(frame)
  const whole = {
    nameOf: (address: Address) => address,
    most: { characters: 100_000, elements: 10_000 },
  }
  const parts = [
    callLine(frame, options),
    frame.from,
    frame.to,
    selectorOf(frame.input),
    called?.signature,
    called?.arguments == null ? frame.input : renderArguments(called.arguments, whole),
    reasonOf(frame, options),
  ]
  return parts
    .filter((part) => part != null)
    .join(' ')
    .toLowerCase()
}

/** The origin of a failure: the deepest frame whose reason went all the way up. Undefined if the root did not fail. */
export function failureIn(
  frames: readonly Frame[],
  options: LineOptions,
): { frame: number; reason: string } | undefined {
  const [root] = frames
  if (root === undefined || root.error === null) return undefined
  let origin: Frame = root
  for (const frame of frames) {
    const isBelow = frame.parent === origin.index && frame.error !== null
    if (isBelow && frame.output === origin.output && frame.end === origin.end) origin = frame
  }
  return { frame: origin.index, reason: reasonOf(origin, options) ?? printable(origin.error ?? '', 60) }
}
