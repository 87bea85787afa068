import type { Block, Column, Figure, Inline, Line, ReportDocument, Table } from './document.ts'
import { hasHead, widthOf } from './document.ts'
import { defanged } from './escape.ts'
import { html, page } from './html.ts'
import { TLP_COLOURS } from './tlp.ts'

const MOST = 2_000

const STYLE = `
.tlp{display:inline-block;background:#000;font-weight:700;padding:.1rem .6rem;border-radius:.2rem}
header,footer{display:flex;gap:1rem;align-items:center;color:#57606a;font-size:.85rem}
h3{font-size:1rem;margin-bottom:.3rem}th{background:#f6f8fa}td,th{vertical-align:top;padding:.3rem .6rem}
td{overflow-wrap:break-word;min-width:4.5rem}td.n{white-space:nowrap}
table.wide{width:100%;font-size:.9rem}
code{font:.85em ui-monospace,monospace}pre{background:#f6f8fa;border-radius:.4rem;padding:.8rem;overflow-x:auto;font:.75rem/1.5 ui-monospace,monospace}
p.note{border-left:.3rem solid #57606a;padding-left:.8rem}
figure{margin:1rem 0}figure .wide{border:1px solid #d8dee4;border-radius:.4rem;background:#fff}figure .wide svg{display:block}
figcaption,summary{font-size:.85rem;color:#57606a}
@media(prefers-color-scheme:dark){th,pre{background:#161b22}header,footer,figcaption,summary{color:#9da7b3}figure .wide{border-color:#30363d}}
@media print{
:root{color-scheme:light}body{max-width:none;margin:0;font-size:10pt;color:#000;background:#fff}td,th{border-color:#d8dee4}
th,pre{background:#f6f8fa}pre{white-space:pre-wrap;overflow-wrap:anywhere}
thead{display:table-header-group}tr,figure,p.warn,p.note{break-inside:avoid}h2,h3{break-after:avoid}
figure .wide div{min-width:0!important}details>:not(summary){display:none}summary{display:none}
}
`

/** The mark in the margin of every printed page. */
function onPaper(mark: string): string {
  const content = `content:"${mark}";font:700 9pt system-ui,sans-serif`
  return `@page{margin:18mm 14mm;@top-right{${content}}@bottom-right{${content} }}\n`
}

/** A report as one HTML page: no script, no external resource, pictures embedded; made for screens and for paper. */
export function htmlDocument({ title, tlp, audience, blocks }: ReportDocument): string {
  const mark = `<span class="tlp" style="color:${TLP_COLOURS[tlp]}">TLP:${tlp}</span> <span>for: ${audience}</span>`
  const body = [
    `<header>${mark}</header>`,
    `<main><h1>${words(title)}</h1>`,
    ...blocks.map(block),
    `</main><footer>${mark}</footer>`,
  ]
  return page(`TLP:${tlp} ${defanged(title)}`, body.join('\n'), STYLE + onPaper(`TLP:${tlp}`))
}

function block(given: Block): string {
  switch (given.kind) {
    case 'heading':
      return `<h${given.level}>${words(given.text)}</h${given.level}>`
    case 'paragraph':
      return `<p>${lineOf(given.line)}</p>`
    case 'callout':
      return `<p class="${given.tone === 'warning' ? 'warn' : 'note'}">${lineOf(given.line)}</p>`
    case 'list':
      return `<ul>${given.items.map(({ line, items }) => `<li>${lineOf(line)}${inner(items)}</li>`).join('\n')}</ul>`
    case 'table':
      return table(given)
    case 'code':
      return `<pre>${given.lines.map((line) => words(line)).join('\n')}</pre>`
    case 'figure':
      return figure(given)
  }
}

function inner(items: readonly Line[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${lineOf(item)}</li>`).join('')}</ul>`
}

function table(given: Table): string {
  const { columns, rows } = given
  const head = columns.map((column) => `<th${aligned(column)}>${words(column.title)}</th>`).join('')
  const body = rows.map(
    (cells) =>
      `<tr>${columns.map((column, index) => `<td${aligned(column)}>${lineOf(cells[index] ?? [])}</td>`).join('')}</tr>`,
  )
  const wide = columns.some(({ share }) => share > 0) ? ' class="wide"' : ''
  return `<div class="wide"><table${wide}>${hasHead(given) ? `<thead><tr>${head}</tr></thead>` : ''}<tbody>\n${body.join('\n')}\n</tbody></table></div>`
}

function aligned({ align }: Column): string {
  return align === 'right' ? ' class="n"' : ''
}

function figure({ svg, caption, alternative }: Figure): string {
  return `<figure><div class="wide"><div style="min-width:${leastWidth(svg)}px">${svg}</div></div><figcaption>${words(caption)}</figcaption><details><summary>The same as a table</summary>${table(alternative)}</details></figure>`
}

/** Below this width the text cannot be read: then the picture scrolls. */
function leastWidth(svg: string): number {
  return Math.round(0.75 * widthOf(svg))
}

function lineOf(line: Line): string {
  return line.map(inline).join('')
}

function inline({ kind, text, whole }: Inline): string {
  const inert = words(text)
  if (whole !== undefined) return `<${kind} title="${words(whole)}">${inert}</${kind}>`
  return kind === 'text' ? inert : `<${kind}>${inert}</${kind}>`
}

/** Letters that are written from right to left: without isolation they reverse the text around them. */
const LEFTWARD =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

function words(text: string): string {
  const inert = html(defanged(text), MOST)
  return LEFTWARD.test(text) ? `<bdi>${inert}</bdi>` : inert
}
