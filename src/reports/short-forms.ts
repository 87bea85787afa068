import { shortHex } from '../words/account.ts'
import type { Block, Inline, Line, Table } from './document.ts'
import { code, heading, table, text } from './document.ts'

const WHOLE = /^0x(?:[0-9a-f]{40}|[0-9a-f]{64})$/i

/**
 * Blocks with addresses and hashes in their short form, each with the full value behind it, and a table of them all at
 * the end: a report is read by its labels, and every figure in it can still be checked.
 */
export function withShortForms(blocks: readonly Block[], names: ReadonlyMap<string, string>): Block[] {
  const wholes = new Map<string, string>()
  const short = (inline: Inline): Inline => {
    if (inline.kind !== 'code' || !WHOLE.test(inline.text)) return inline
    wholes.set(inline.text, shortHex(inline.text))
    return { ...inline, text: shortHex(inline.text), whole: inline.text }
  }
  const line = (given: Line): Line => given.map(short)
  const shortened = blocks.map((block) => shortenedBlock(block, line))
  if (wholes.size === 0) return shortened
  const rows = [...wholes].map(([whole, form]) => [
    [text(form)],
    [text(names.get(whole) ?? '')],
    [code(whole)],
  ])
  return [
    ...shortened,
    heading(2, 'Addresses and hashes in full'),
    table(['short', 'called', 'in full*'], rows),
  ]
}

function shortenedBlock(block: Block, line: (given: Line) => Line): Block {
  switch (block.kind) {
    case 'paragraph':
    case 'callout':
      return { ...block, line: line(block.line) }
    case 'list':
      return {
        ...block,
        items: block.items.map((item) => ({ line: line(item.line), items: item.items.map(line) })),
      }
    case 'table':
      return shortenedTable(block, line)
    case 'figure':
      return { ...block, alternative: shortenedTable(block.alternative, line) }
    case 'heading':
    case 'code':
      return block
  }
}

function shortenedTable(given: Table, line: (given: Line) => Line): Table {
  return { ...given, rows: given.rows.map((cells) => cells.map(line)) }
}
