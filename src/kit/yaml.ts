import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'

/** A parsed YAML text, with the mapping from a field to its place. */
export type YamlSource = { document: ReturnType<typeof parseDocument>; lines: LineCounter }
export type YamlPath = readonly PropertyKey[]
/** Both count from 1. */
export type YamlPlace = { line: number; column: number }
export type YamlRead =
  | { kind: 'content'; source: YamlSource; content: unknown }
  | { kind: 'broken'; place: YamlPlace; problem: string }

/** Reads YAML. Never throws: the reader rejects aliases that expand excessively while it resolves them. */
export function readYaml(text: string): YamlRead {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [syntax] = document.errors
  if (syntax) return { kind: 'broken', place: at(lines, syntax.pos[0]), problem: syntax.message }
  try {
    return { kind: 'content', source: { document, lines }, content: document.toJS() }
  } catch (thrown) {
    return { kind: 'broken', place: { line: 1, column: 1 }, problem: String(thrown) }
  }
}

/** The place of a field, or of its nearest existing parent. */
export function placeOf(source: YamlSource, path: YamlPath): YamlPlace {
  for (let length = path.length; length >= 0; length--) {
    const start = startOf(source, path.slice(0, length))
    if (start !== undefined) return at(source.lines, start)
  }
  return { line: 1, column: 1 }
}

/** The place of the `offset`th character of a text field; of its beginning where folding hides the exact place. */
export function placeInText(source: YamlSource, path: YamlPath, offset: number): YamlPlace {
  const node = source.document.getIn(path, true)
  if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return placeOf(source, path)
  const [start] = node.range
  const began = at(source.lines, start)
  if (node.type === 'BLOCK_LITERAL') {
    const before = node.value.slice(0, offset).split('\n')
    return { line: began.line + before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
  const quoted = node.type === 'PLAIN' ? 0 : 1
  const isOneLine = node.type !== 'BLOCK_FOLDED' && node.range[1] - start - 2 * quoted === node.value.length
  return isOneLine ? at(source.lines, start + quoted + offset) : began
}

/** `steps[0].args.roles`. */
export function fieldName(path: YamlPath): string {
  const name = path.reduce<string>((whole, part) => {
    if (typeof part === 'number') return `${whole}[${part}]`
    return whole ? `${whole}.${String(part)}` : String(part)
  }, '')
  return name || 'the whole file'
}

function at(lines: LineCounter, offset: number): YamlPlace {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function startOf({ document }: YamlSource, path: YamlPath): number | undefined {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const name = path.at(-1)
  if (isMap(parent) && name !== undefined) {
    const pair = parent.items.find(({ key }) => isNode(key) && String(key) === String(name))
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}
