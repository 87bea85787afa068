import type { Frame, FrameLog } from '../../model/block.ts'

type Node = Record<string, unknown> & { calls?: Node[] }

/** The frames of one transaction as geth's callTracer would give them: the form that bundles are written in. */
export function toCallTracer(frames: readonly Frame[]): Node {
  const nodes: Node[] = []
  for (const frame of frames) {
    const node = nodeOf(frame)
    nodes.push(node)
    const parent = nodes[frame.parent]
    if (parent !== undefined) {
      parent.calls ??= []
      parent.calls.push(node)
    }
  }
  return nodes[0] ?? {}
}

function nodeOf(frame: Frame): Node {
  const node: Node = { from: frame.from, type: frame.type, input: frame.input }
  if (frame.gas >= 0) node['gas'] = toHex(frame.gas)
  if (frame.gasUsed >= 0) node['gasUsed'] = toHex(frame.gasUsed)
  if (frame.to !== null) node['to'] = frame.to
  if (frame.output !== '0x') node['output'] = frame.output
  if (frame.error !== null) node['error'] = frame.error
  if (frame.revertReason !== null) node['revertReason'] = frame.revertReason
  if (frame.type !== 'STATICCALL' && frame.type !== 'DELEGATECALL')
    node['value'] = `0x${frame.value.toString(16)}`
  if (frame.logs.length > 0) node['logs'] = frame.logs.map(logOf)
  return node
}

function logOf(log: FrameLog): Record<string, unknown> {
  return { address: log.address, topics: log.topics, data: log.data, position: toHex(log.position) }
}

function toHex(value: number): string {
  return `0x${value.toString(16)}`
}
