import type { Block, Column, Inline, Line, ReportDocument, Table } from './document.ts'
import { code, codeBlock, lineStart, markdown } from './escape.ts'

/** Maximum number of characters of one piece of text. */
const MOST = 2_000

/** A report as Markdown (CommonMark with tables). Its text is inert: no markup, no HTML, no control characters. */
export function markdownDocument({ title, tlp, audience, blocks }: ReportDocument): string {
  const mark = `**TLP:${tlp}** · for: ${audience}`
  return [`# ${markdown(title)}`, mark, ...blocks.map(block), mark, ''].join('\n\n')
}

function block(given: Block): string {
  switch (given.kind) {
    case 'heading':
      return `${'#'.repeat(given.level)} ${markdown(given.text)}`
    case 'paragraph':
      return words(given.line)
    case 'callout':
      return `> ${given.tone === 'warning' ? '**Note well:** ' : ''}${words(given.line)}`
    case 'list':
      return given.items
        .flatMap(({ line, items }) => [`- ${words(line)}`, ...items.map((inner) => `  - ${words(inner)}`)])
        .join('\n')
    case 'table':
      return table(given)
    case 'code':
      return codeBlock(given.lines)
    case 'figure':
      return `*${markdown(given.caption)}*\n\n${table(given.alternative)}`
  }
}

function table({ columns, rows }: Table): string {
  const lines = [
    row(columns.map(({ title }) => markdown(title))),
    `|${columns.map(rule).join('|')}|`,
    ...rows.map((cells) => row(columns.map((_, index) => words(cells[index] ?? [])))),
  ]
  return lines.join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function rule({ align }: Column): string {
  return align === 'right' ? '---:' : '---'
}

function words(line: Line): string {
  return lineStart(line.map(inline).join(''))
}

function inline({ kind, text }: Inline): string {
  switch (kind) {
    case 'text':
      return markdown(text, MOST)
    case 'strong':
      return text.trim() === '' ? '' : `**${markdown(text.trim(), MOST)}**`
    case 'code':
      return code(text)
  }
}
