import { type FlowNodeKind, flowNodeKinds } from '../model/fund-flow.ts'
import { inUnits } from '../model/token.ts'
import { defanged } from './escape.ts'
import {
  BOX,
  type DrawnFlow,
  type DrawnNode,
  type Layout,
  type Line,
  layout,
  type Placed,
} from './fund-flow-layout.ts'
import { html } from './html.ts'
import type { Assets } from './parts.ts'

/** Kinds by shape and colour, so that neither eyes nor printers need both. */
const LOOKS: Record<FlowNodeKind, { colour: string; path: string }> = {
  attacker: { colour: '#c4432b', path: 'M5 0H13L18 5V13L13 18H5L0 13V5Z' },
  victim: { colour: '#2f6feb', path: 'M0 0H18V11Q18 15 9 18Q0 15 0 11Z' },
  exchange: { colour: '#1a7f37', path: 'M4.5 1H13.5L18 9L13.5 17H4.5L0 9Z' },
  bridge: { colour: '#8250df', path: 'M0 16Q0 4 9 4Q18 4 18 16H13Q13 9 9 9Q5 9 5 16Z' },
  mixer: { colour: '#1b1f24', path: 'M0 9A9 9 0 1 1 18 9A9 9 0 1 1 0 9M5 9A4 4 0 1 0 13 9A4 4 0 1 0 5 9' },
  contract: { colour: '#57606a', path: 'M1 1H17V17H1Z' },
  dormant: { colour: '#9a6700', path: 'M12 0A9 9 0 1 0 18 12A8 8 0 0 1 12 0Z' },
  account: { colour: '#57606a', path: 'M0 9A9 9 0 1 1 18 9A9 9 0 1 1 0 9' },
  burn: { colour: '#bc4c00', path: 'M9 0L18 9L9 18L0 9Z' },
}

function looksOf(kind: string): { colour: string; path: string } {
  return LOOKS[flowNodeKinds.find((known) => known === kind) ?? 'account']
}

/**
 * A fund flow as one static SVG: from left to right by steps from the theft, amounts on the lines, kinds by shape and colour.
 * In whole tokens where `assets` says their decimals. No script, no outside resource; every text from outside is inert.
 */
export function fundFlowSvg(flow: DrawnFlow, assets: Assets = []): string {
  const drawn = layout(flow)
  const known = new Map(assets.map((asset) => [asset.asset, asset]))
  const { width, height } = drawn
  const at = new Map(drawn.nodes.map((placed) => [placed.node.id, placed]))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Fund flow" font-family="system-ui,sans-serif" font-size="12">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8Z" fill="#57606a"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    heading(flow, drawn, known),
    ...drawn.lines.map((line) => curve(line, at)),
    ...drawn.lines.map((line) => words(line, known)),
    ...drawn.nodes.map((node) => box(node, known)),
    legend(flow, drawn),
    '</svg>\n',
  ].join('\n')
}

type Known = ReadonlyMap<string, Assets[number]>

function heading(flow: DrawnFlow, { hidden }: Layout, known: Known): string {
  const stolen = flow.totals.map(
    ({ asset, stolen: amount }) => `${short(amount, asset, known)} ${nameOf(asset, known)}`,
  )
  const shown = stolen.slice(0, 2).join(', ') + (stolen.length > 2 ? ` and ${stolen.length - 2} more` : '')
  const first = `Stolen: ${shown}`
  const where = `Chain ${flow.chainId}, blocks ${flow.fromBlock} to ${flow.toBlock}`
  const cut = hidden > 0 ? ` · ${hidden} accounts not drawn` : ''
  return [
    text({ x: 24, y: 24, words: first, more: 'font-size="15" font-weight="600" fill="#1b1f24"' }),
    text({
      x: 24,
      y: 42,
      words: `${where} · tainted amounts by haircut / by FIFO where it differs${cut}`,
      more: 'fill="#57606a"',
    }),
  ].join('')
}

function curve(
  { from, to, kind, tainted, taintedFifo, movements, asset }: Line,
  at: ReadonlyMap<string, Placed>,
): string {
  const [a, b] = [at.get(from), at.get(to)]
  if (a === undefined || b === undefined) return ''
  const mid = BOX.height / 2
  const isForth = b.x > a.x
  const path = isForth
    ? forth({ x: a.x + BOX.width, y: a.y + mid }, { x: b.x - 3, y: b.y + mid })
    : back(
        { x: a.x + BOX.width * 0.6, y: a.y + BOX.height },
        { x: b.x + BOX.width * 0.4, y: b.y + BOX.height + 3 },
      )
  const dash = isForth ? '' : ' stroke-dasharray="5 4"'
  const full = `${kind}, ${movements} movement${movements === 1 ? '' : 's'}: haircut ${tainted}, fifo ${taintedFifo} of ${asset}`
  return `<path d="${path}" fill="none" stroke="#8c959f" stroke-width="1.5"${dash} marker-end="url(#tip)"><title>${inert(full)}</title></path>`
}

type Point = { x: number; y: number }

function forth(a: Point, b: Point): string {
  const bend = Math.min(120, (b.x - a.x) / 2)
  return `M${a.x} ${a.y}C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`
}

function back(a: Point, b: Point): string {
  const low = Math.max(a.y, b.y) + 26
  return `M${a.x} ${a.y}C${a.x} ${low} ${b.x} ${low} ${b.x} ${b.y}`
}

function words({ tainted, taintedFifo, asset, kind, movements, at }: Line, known: Known): string {
  const [haircut, fifo] = [short(tainted, asset, known), short(taintedFifo, asset, known)]
  const both = tainted === taintedFifo ? haircut : `${haircut} / ${fifo}`
  const how = kind === 'transfer' ? '' : `${kind} `
  const many = movements > 1 ? ` (${movements})` : ''
  const said = `${how}${both} ${nameOf(asset, known)}${many}`
  // A box behind the words: a stroke under them (paint-order) is not known to what makes PDFs.
  const width = said.length * 6.1 + 4
  const back = `<rect x="${(at.x - width / 2).toFixed(1)}" y="${at.y - 7}" width="${width.toFixed(1)}" height="14" rx="2" fill="#fff"/>`
  const more = 'text-anchor="middle" font-size="11" fill="#1b1f24"'
  return back + text({ x: at.x, y: at.y + 4, words: said, more })
}

function box({ node, x, y }: Placed, known: Known): string {
  const { colour, path } = looksOf(node.kind)
  const dash = node.kind === 'dormant' ? ' stroke-dasharray="4 3"' : ''
  const name = node.label?.name ?? shortAddress(node.id)
  const source = node.label === null ? '' : `, named by ${node.label.source}`
  return [
    `<g transform="translate(${x} ${y})"><title>${inert(`${node.id}${source}`)}</title>`,
    `<rect width="${BOX.width}" height="${BOX.height}" rx="6" fill="#fff" stroke="${colour}" stroke-width="1.5"${dash}/>`,
    `<path d="${path}" transform="translate(11 15)" fill="${colour}" fill-rule="evenodd"/>`,
    text({ x: 39, y: 20, words: cutTo(name, 20), more: 'font-weight="600" fill="#1b1f24"' }),
    text({ x: 39, y: 37, words: heldBy(node, known), more: 'font-size="11" fill="#57606a"' }),
    '</g>',
  ].join('')
}

function heldBy({ kind, held }: DrawnNode, known: Known): string {
  const [first] = held
  if (first === undefined) return kind
  const more = held.length > 1 ? ` +${held.length - 1}` : ''
  const { asset, amount } = first
  return cutTo(`${kind} · ${short(amount, asset, known)} ${nameOf(asset, known)}${more}`, 25)
}

function legend({ nodes }: DrawnFlow, { height }: Layout): string {
  const kinds = [...new Set(nodes.map(({ kind }) => kind))]
  let x = 24
  return kinds
    .map((kind) => {
      const at = x
      x += 44 + kind.length * 7
      const { colour, path } = looksOf(kind)
      const icon = `<path d="${path}" transform="translate(${at} ${height - 34}) scale(.8)" fill="${colour}" fill-rule="evenodd"/>`
      return icon + text({ x: at + 21, y: height - 22, words: kind, more: 'fill="#57606a"' })
    })
    .join('')
}

/** In at most some twelve characters: whole tokens, base units where nobody knows decimals. The whole number is in the title. */
function short(amount: bigint, asset: string, known: Known): string {
  const decimals = known.get(asset)?.decimals ?? null
  const [whole = '', part = ''] = decimals === null ? [String(amount)] : inUnits(amount, decimals).split('.')
  const digits = whole.replaceAll(',', '')
  if (digits.length <= 7) {
    const fraction = part.slice(0, digits === '0' ? 6 : Math.max(0, 5 - digits.length))
    const said = whole.includes(',') ? whole : digits.replace(/\B(?=(\d{3})+$)/g, ',')
    return fraction === '' ? said : `${said}.${fraction}`
  }
  const head = `${digits[0]}.${digits.slice(1, 4)}`.replace(/\.?0+$/, '')
  return `${head}e${digits.length - 1}`
}

function shortAddress(address: string): string {
  return `${address.slice(0, 8)}…${address.slice(-6)}`
}

/** In quotes where only the contract itself says so. */
function nameOf(asset: string, known: Known): string {
  const token = known.get(asset)
  if (token?.symbol) return token.vouched ? cutTo(token.symbol, 12) : `“${cutTo(token.symbol, 10)}”`
  return asset.length > 12 ? `${asset.slice(0, 6)}…${asset.slice(-4)}` : asset
}

function cutTo(words: string, most: number): string {
  return words.length > most ? `${words.slice(0, most - 1)}…` : words
}

function text({ x, y, words: said, more }: { x: number; y: number; words: string; more: string }): string {
  return `<text x="${x}" y="${y}" ${more}>${inert(said)}</text>`
}

function inert(words: string): string {
  return html(defanged(words))
}
