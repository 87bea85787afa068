import type { Audience, Tlp } from '../model/report.ts'

/**
 * A report as plain data, built once and rendered as Markdown, HTML or PDF. All text in it is raw, as it came from
 * chains and strangers: each renderer makes it inert.
 */
export type ReportDocument = {
  title: string
  tlp: Tlp
  audience: Audience
  blocks: readonly Block[]
}

export type Inline = {
  kind: 'text' | 'strong' | 'code'
  text: string
  /** The full value that `text` shortens. */
  whole?: string
}
export type Line = readonly Inline[]
export type ListItem = { line: Line; items: readonly Line[] }
export type Column = {
  title: string
  align: 'left' | 'right'
  /** Share of the width among the columns that are not as wide as their content; 0 for those. */
  share: number
}
export type Table = { kind: 'table'; columns: readonly Column[]; rows: readonly (readonly Line[])[] }
export type Figure = {
  kind: 'figure'
  /** Made by Cordon's own renderer, with every external text inert; never external itself. */
  svg: string
  caption: string
  /** The same in words, for readers who cannot see the picture. */
  alternative: Table
}

export type Block =
  | { kind: 'heading'; level: 2 | 3; text: string }
  | { kind: 'paragraph'; line: Line }
  | { kind: 'list'; items: readonly ListItem[] }
  | Table
  | { kind: 'code'; lines: readonly string[] }
  | Figure
  | { kind: 'callout'; tone: 'note' | 'warning'; line: Line }

export function text(words: string): Inline {
  return { kind: 'text', text: words }
}

export function strong(words: string): Inline {
  return { kind: 'strong', text: words }
}

export function code(words: string): Inline {
  return { kind: 'code', text: words }
}

export function heading(level: 2 | 3, words: string): Block {
  return { kind: 'heading', level, text: words }
}

export function paragraph(...line: Inline[]): Block {
  return { kind: 'paragraph', line }
}

export function list(items: readonly Line[]): Block {
  return { kind: 'list', items: items.map((line) => ({ line, items: [] })) }
}

/** Columns by title; a leading `>` aligns to the right, a trailing `*` takes the remaining width. */
export function table(titles: readonly string[], rows: readonly (readonly Line[])[]): Table {
  return { kind: 'table', columns: titles.map(columnOf), rows }
}

function columnOf(title: string): Column {
  return {
    title: title.replace(/^>|\*+$/g, ''),
    align: title.startsWith('>') ? 'right' : 'left',
    share: /\*+$/.exec(title)?.[0].length ?? 0,
  }
}

/** Joins lists into one line: the text between the parts is plain. */
export function joined(parts: readonly Line[], between = ', '): Line {
  return parts.flatMap((part, index) => (index === 0 ? part : [text(between), ...part]))
}

export function iso(milliseconds: number): string {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? 'not known' : date.toISOString()
}

/** Like `iso`, in two words, which may break over two lines. */
export function dayAndTime(milliseconds: number): string {
  return iso(milliseconds).replace('T', ' ')
}

/** Whether a table has column titles. */
export function hasHead({ columns }: Table): boolean {
  return columns.some(({ title }) => title !== '')
}

/** The width of one of Cordon's own pictures, in its own units. */
export function widthOf(svg: string): number {
  return Number(/^<svg[^>]* width="(\d+)/.exec(svg)?.[1] ?? 0)
}
