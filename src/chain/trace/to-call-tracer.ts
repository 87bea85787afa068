import type { Frame, FrameLog } from '../../model/block.ts'

type Node = Record<string, unknown> & { calls?: Node[] }

/**
 * The frames of one transaction in the form of geth's callTracer (withLog): the format of bundles. As in geth, a static
 * call has no value, and logs of failed frames are left out; the others are numbered within the transaction, in the
 * order in which they were emitted.
 */
export function toCallTracer(frames: readonly Frame[]): Node {
  const indices = logIndices(frames)
  const nodes: Node[] = []
  for (const frame of frames) {
    const node = nodeOf(frame, indices)
    nodes.push(node)
    const parent = nodes[frame.parent]
    if (parent !== undefined) {
      parent.calls ??= []
      parent.calls.push(node)
    }
  }
  return nodes[0] ?? {}
}

type Indices = ReadonlyMap<FrameLog, number>

function nodeOf(frame: Frame, indices: Indices): Node {
  const node: Node = { from: frame.from, type: frame.foreignType ?? frame.type, input: frame.input }
  if (frame.gas >= 0) node['gas'] = toHex(frame.gas)
  if (frame.gasUsed >= 0) node['gasUsed'] = toHex(frame.gasUsed)
  if (frame.to !== null) node['to'] = frame.to
  if (frame.output !== '0x') node['output'] = frame.output
  if (frame.error !== null) node['error'] = frame.error
  if (frame.revertReason !== null) node['revertReason'] = frame.revertReason
  if (frame.type !== 'STATICCALL' && frame.valueUnknown !== true)
    node['value'] = `0x${frame.value.toString(16)}`
  if (frame.logs.length > 0 && !frame.reverted) node['logs'] = frame.logs.map((log) => logOf(log, indices))
  return node
}

function logOf(log: FrameLog, indices: Indices): Record<string, unknown> {
  const { address, topics, data, position } = log
  return { address, topics, data, index: toHex(indices.get(log) ?? 0), position: toHex(position) }
}

/** A log comes after `position` of its frame's own calls: numbers them in one pass over the pre-order. */
function logIndices(frames: readonly Frame[]): Indices {
  const indices = new Map<FrameLog, number>()
  const open: { frame: Frame; children: number; logs: number }[] = []
  const emit = (at: (typeof open)[number], upTo: number): void => {
    for (let log = at.frame.logs[at.logs]; log !== undefined; log = at.frame.logs[++at.logs]) {
      if (log.position > upTo) return
      if (!at.frame.reverted) indices.set(log, indices.size)
    }
  }
  const closeBefore = (index: number): void => {
    for (let top = open.at(-1); top !== undefined && top.frame.end <= index; top = open.at(-1)) {
      emit(top, Number.POSITIVE_INFINITY)
      open.pop()
    }
  }
  for (const frame of frames) {
    closeBefore(frame.index)
    const parent = open.at(-1)
    if (parent !== undefined) emit(parent, parent.children++)
    open.push({ frame, children: 0, logs: 0 })
  }
  closeBefore(Number.POSITIVE_INFINITY)
  return indices
}

function toHex(value: number): string {
  return `0x${value.toString(16)}`
}
