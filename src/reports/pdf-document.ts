import type { Content, CustomTableLayout, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js'
import { printable } from '../kit/text.ts'
import type { Block, Figure, Inline, Line, ReportDocument, Table } from './document.ts'
import { hasHead, widthOf } from './document.ts'
import { defanged } from './escape.ts'
import { TLP_COLOURS } from './tlp.ts'

/** The fonts that the renderer of the file must have, by these names. */
export const PDF_FONTS = { sans: 'Sans', mono: 'Mono' } as const

const MOST = 2_000
/** Points. */
const PAGE = { portrait: { width: 523, height: 690 }, landscape: { width: 770, height: 440 } } as const
const MARGINS: [number, number, number, number] = [36, 58, 36, 44]
const PADDING = 4
/** An average character of the fonts at the size of tables, points. */
const SIGN = 5.2
const WIDEST_NATURAL = 150
const NARROWEST = 40
/** Size of code, points: addresses are long. */
const HEX = { text: 7.4, table: 6.3 } as const

/**
 * A report as the definition of a PDF: selectable text, pictures as vectors, the mark on every page. The same document
 * gives the same definition, and that the same bytes: it contains no creation time.
 */
export function pdfDocument({ title, tlp, audience, blocks }: ReportDocument): TDocumentDefinitions {
  const mark = `TLP:${tlp}`
  return {
    pageSize: 'A4',
    pageMargins: MARGINS,
    info: {
      title: drawable(`${mark} ${title}`),
      creator: 'cordon',
      producer: 'cordon',
      creationDate: new Date(0),
    },
    defaultStyle: { font: PDF_FONTS.sans, fontSize: 9, lineHeight: 1.2 },
    header: markOn(mark, { colour: TLP_COLOURS[tlp], words: `for: ${audience}` }),
    footer: (page, pages) => markOn(mark, { colour: TLP_COLOURS[tlp], words: `page ${page} of ${pages}` }),
    // No heading alone at the bottom of a page.
    pageBreakBefore: ({ headlineLevel, startPosition }) =>
      headlineLevel !== undefined && startPosition.verticalRatio > 0.88,
    content: [
      { text: drawable(title), fontSize: 16, bold: true, margin: [0, 0, 0, 10] },
      ...blocks.flatMap(block),
      ...blocks.flatMap(widePicture),
    ],
  }
}

function markOn(mark: string, { colour, words }: { colour: string; words: string }): Content {
  return {
    margin: [36, 20, 36, 0],
    fontSize: 8,
    columns: [
      { text: [{ text: ` ${mark} `, bold: true, color: colour, background: '#000000' }] },
      { text: words, alignment: 'right', color: '#57606a' },
    ],
  }
}

function block(given: Block): Content[] {
  switch (given.kind) {
    case 'heading': {
      const isBig = given.level === 2
      return [
        {
          text: drawable(given.text),
          fontSize: isBig ? 13 : 10.5,
          bold: true,
          margin: [0, isBig ? 14 : 8, 0, 4],
          headlineLevel: given.level,
        },
      ]
    }
    case 'paragraph':
      return [{ text: line(given.line), margin: [0, 0, 0, 6] }]
    case 'callout':
      return [callout(line(given.line), given.tone === 'warning' ? '#c4432b' : '#57606a')]
    case 'list':
      return [
        {
          margin: [0, 0, 0, 6],
          ul: given.items.map(({ line: words, items }) =>
            items.length === 0
              ? { text: line(words) }
              : { stack: [{ text: line(words) }, { ul: items.map((item) => ({ text: line(item) })) }] },
          ),
        },
      ]
    case 'table':
      return [table(given, PAGE.portrait.width)]
    case 'code':
      return [codeBlock(given.lines)]
    case 'figure':
      return figure(given)
  }
}

function callout(words: Content[], colour: string): Content {
  return {
    margin: [0, 0, 0, 8],
    layout: bordered({ left: 3, colour }),
    table: { widths: ['*'], body: [[{ text: words }]] },
  }
}

function codeBlock(lines: readonly string[]): Content {
  return {
    margin: [0, 2, 0, 8],
    layout: bordered({ left: 0, colour: '#d8dee4', fill: '#f6f8fa' }),
    table: {
      widths: ['*'],
      body: lines.map((words): TableCell[] => [
        {
          text: drawable(words, 400) || ' ',
          font: PDF_FONTS.mono,
          fontSize: 6.5,
          lineHeight: 1.1,
          preserveLeadingSpaces: true,
        },
      ]),
    },
  }
}

function bordered({
  left,
  colour,
  fill,
}: {
  left: number
  colour: string
  fill?: string
}): CustomTableLayout {
  return {
    hLineWidth: () => 0,
    vLineWidth: (i) => (i === 0 ? left : 0),
    vLineColor: () => colour,
    paddingTop: () => 1,
    paddingBottom: () => 1,
    paddingLeft: () => 8,
    ...(fill === undefined ? {} : { fillColor: () => fill }),
  }
}

const GRID: CustomTableLayout = {
  hLineWidth: (i) => (i === 0 ? 0 : 0.5),
  vLineWidth: () => 0,
  hLineColor: () => '#d8dee4',
  paddingLeft: () => PADDING,
  paddingRight: () => PADDING,
  paddingTop: () => 2.5,
  paddingBottom: () => 1.5,
  fillColor: (row) => (row === 0 ? '#f6f8fa' : null),
}

/** The head repeats on every page; no row is split. */
function table(given: Table, width: number): Content {
  const { columns, rows } = given
  const head = columns.map(
    ({ title, align }): TableCell => ({ text: drawable(title), bold: true, alignment: align }),
  )
  return {
    margin: [0, 2, 0, 8],
    fontSize: 8,
    lineHeight: 1.15,
    layout: hasHead(given) ? GRID : { ...GRID, fillColor: () => null },
    table: {
      headerRows: hasHead(given) ? 1 : 0,
      dontBreakRows: true,
      widths: widths(given, width),
      body: [
        ...(hasHead(given) ? [head] : []),
        ...rows.map((cells) =>
          columns.map(
            ({ align }, i): TableCell => ({ text: line(cells[i] ?? [], HEX.table), alignment: align }),
          ),
        ),
      ],
    },
  }
}

/**
 * Columns without a share are as wide as their content, and so are those whose share is more than that; the others
 * share the remaining width. In points, so that hex wraps.
 */
function widths({ columns, rows }: Table, width: number): number[] {
  const room = width - columns.length * 2 * PADDING
  const natural = columns.map(
    ({ title }, i) =>
      Math.max(title.length * SIGN, ...rows.slice(0, 300).map((cells) => lengthOf(cells[i] ?? []))) + 4,
  )
  const fixed = columns.map(({ share }, i) => (share > 0 ? null : Math.min(WIDEST_NATURAL, natural[i] ?? 0)))
  for (;;) {
    const left = room - fixed.reduce<number>((sum, one) => sum + (one ?? 0), 0)
    const shares = columns.reduce((sum, { share }, i) => sum + (fixed[i] === null ? share : 0), 0)
    const shared = columns.map(({ share }) => Math.max(NARROWEST, (left * share) / Math.max(1, shares)))
    const slim = columns.findIndex((_, i) => fixed[i] === null && (natural[i] ?? 0) <= (shared[i] ?? 0))
    if (slim < 0) return columns.map((_, i) => fixed[i] ?? shared[i] ?? NARROWEST)
    fixed[slim] = natural[slim] ?? NARROWEST
  }
}

function lengthOf(words: Line): number {
  return words.reduce(
    (sum, { kind, text }) => sum + text.length * (kind === 'code' ? HEX.table * 0.605 : SIGN),
    0,
  )
}

/** A picture too wide to be read upright has a landscape page at the end: so no page before it is left half empty. */
function figure(given: Figure): Content[] {
  const words = table(given.alternative, PAGE.portrait.width)
  if (!isWide(given)) return [pictureOf(given, UPRIGHT), words]
  const place = {
    text: 'The same as a picture: on a page of its own at the end.',
    italics: true,
    fontSize: 8,
  }
  return [words, place]
}

function widePicture(given: Block): Content[] {
  if (given.kind !== 'figure' || !isWide(given)) return []
  const picture = pictureOf(given, PAGE.landscape)
  return [{ stack: [picture], pageBreak: 'before', pageOrientation: 'landscape' }]
}

/** A picture within text is low enough to share a page with it. */
const UPRIGHT = { width: PAGE.portrait.width, height: 320 }

function isWide({ svg }: Figure): boolean {
  return widthOf(svg) > 1_300
}

function pictureOf({ svg, caption }: Figure, { width, height }: { width: number; height: number }): Content {
  return {
    stack: [
      { svg: drawnOnly(svg), fit: [width, height], font: PDF_FONTS.sans },
      { text: drawable(caption), fontSize: 8, color: '#57606a', margin: [0, 4, 0, 6] },
    ],
    unbreakable: true,
  }
}

function line(given: Line, hexSize: number = HEX.text): Content[] {
  return given.map((part) => inline(part, hexSize))
}

function inline({ kind, text }: Inline, hexSize: number): Content {
  switch (kind) {
    case 'text':
      return { text: drawable(text) }
    case 'strong':
      return { text: drawable(text), bold: true }
    case 'code':
      return { text: drawable(text), font: PDF_FONTS.mono, fontSize: hexSize }
  }
}

/** The characters that both fonts draw, from left to right and one at a time. */
const NOT_DRAWN =
  /[^ -~\u00a0-\u00ac\u00ae-\u017f\u0391-\u03a1\u03a3-\u03c9\u0400-\u045f\u2010-\u2023\u2026\u2030-\u2037\u2039\u203a\u20a0-\u20b5\u2190-\u2213\u2241-\u2269\u2500-\u262f\u2713-\u2717]/gu

/** A text that the fonts can draw: a missing character is written as its number, never left out. */
function drawable(text: string, most = MOST): string {
  return drawnOnly(defanged(printable(text, most)))
}

function drawnOnly(text: string): string {
  return text.replace(NOT_DRAWN, (sign) =>
    sign === '\n' ? sign : `\\u{${sign.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}
