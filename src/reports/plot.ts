import { html } from './html.ts'

export type Point = { x: number; y: number }

export type Series = {
  name: string
  points: readonly Point[]
  /** Draw the points, the line between them, or both. */
  draw: 'line' | 'marks' | 'both'
  /** The interval around the line: lower and upper end at each x. */
  band?: readonly { x: number; low: number; high: number }[]
  /** Intervals of single points. */
  bars?: readonly ({ x: number; low: number; high: number } | { y: number; low: number; high: number })[]
}

export type Plot = {
  title: string
  xLabel: string
  yLabel: string
  /** Right end of the x axis, which begins at 0; 1 when left out. y is from 0 to 1. */
  xMax?: number
  /** From corner to corner: perfect agreement. */
  diagonal?: boolean
  series: readonly Series[]
}

const WIDTH = 520
const HEIGHT = 360
const LEFT = 56
const BOTTOM = 44
const TOP = 52
const RIGHT = 20
const COLOURS = ['#2f6feb', '#c4432b', '#1a7f37', '#9a6700'] as const

type Scale = { x(value: number): number; y(value: number): number; xMax: number }

/** A plot as inline SVG: y from 0 to 1, x from 0. The caller leaves out points that do not exist (NaN). */
export function plot({ title, xLabel, yLabel, series, xMax = 1, diagonal = false }: Plot): string {
  const scale: Scale = {
    x: (value) => round(LEFT + (Math.min(xMax, value) / xMax) * (WIDTH - LEFT - RIGHT)),
    y: (value) => round(HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP)),
    xMax,
  }
  const { x, y } = scale
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${html(title)}">`,
    text(LEFT, 18, title, 'font-size="14" font-weight="600"'),
    ...axes(scale),
    diagonal
      ? `<path d="M${x(0)} ${y(0)}L${x(xMax)} ${y(1)}" stroke="currentColor" opacity=".4" stroke-dasharray="4 4"/>`
      : '',
    ...series.map((one, i) => drawn(one, i, scale)),
    legend(series),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, xLabel, 'text-anchor="middle"'),
    `<text transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle" font-size="12" fill="currentColor">${html(yLabel)}</text>`,
    '</svg>',
  ].join('')
}

function axes({ x, y, xMax }: Scale): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    `<path d="M${x(0)} ${y(tick)}H${x(xMax)}" stroke="currentColor" opacity=".15"/>`,
    text(LEFT - 8, y(tick) + 4, String(tick), 'text-anchor="end"'),
    text(
      x(tick * xMax),
      HEIGHT - BOTTOM + 18,
      String(Number((tick * xMax).toPrecision(2))),
      'text-anchor="middle"',
    ),
  ])
}

function drawn({ points, draw, band = [], bars = [] }: Series, i: number, { x, y }: Scale): string {
  const colour = colourOf(i)
  const path = (corners: readonly Point[]): string =>
    corners.map((corner, n) => `${n === 0 ? 'M' : 'L'}${x(corner.x)} ${y(corner.y)}`).join('')
  const area = [
    ...band.map(({ x, high }) => ({ x, y: high })),
    ...band.map(({ x, low }) => ({ x, y: low })).reverse(),
  ]
  return [
    area.length === 0 ? '' : `<path d="${path(area)}Z" fill="${colour}" opacity=".15"/>`,
    ...bars.map((bar) => {
      const [from, to] =
        'x' in bar
          ? [
              { x: bar.x, y: bar.low },
              { x: bar.x, y: bar.high },
            ]
          : [
              { x: bar.low, y: bar.y },
              { x: bar.high, y: bar.y },
            ]
      return `<path d="${path([from, to])}" stroke="${colour}" stroke-width="1.5" opacity=".6"/>`
    }),
    draw === 'marks' ? '' : `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...(draw === 'line' ? [] : points).map(
      (point) => `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3.5" fill="${colour}"/>`,
    ),
  ].join('')
}

/** In one line above the plot, so that it covers no point. */
function legend(series: readonly Series[]): string {
  let left = LEFT
  return series
    .map(({ name }, i) => {
      const at = left
      left += 26 + name.length * 6.2
      return `<circle cx="${at + 4}" cy="34" r="4" fill="${colourOf(i)}"/>${text(at + 12, 38, name)}`
    })
    .join('')
}

export type Bar = {
  name: string
  values: readonly { share: number; low: number; high: number; text: string }[]
}

/** Shares as horizontal bars with their intervals, one group per name. */
export function barChart({
  title,
  kinds,
  bars,
}: {
  title: string
  kinds: readonly string[]
  bars: readonly Bar[]
}): string {
  const [row, left, right] = [18, 150, 150]
  const group = row * kinds.length + 10
  const height = TOP + bars.length * group
  const x = (share: number): number => round(left + share * (WIDTH + 120 - left - right))
  const rows = bars.flatMap(({ name, values }, i) => {
    const top = TOP + i * group
    return [
      text(left - 8, top + (row * values.length) / 2 + 4, name, 'text-anchor="end"'),
      ...values.map((value, n) => {
        const middle = top + n * row + row / 2
        return `<rect x="${x(0)}" y="${middle - 6}" width="${round(x(value.share) - x(0))}" height="12" fill="${colourOf(n)}" opacity=".8"/><path d="M${x(value.low)} ${middle}H${x(value.high)}" stroke="currentColor" stroke-width="1.5" opacity=".6"/>${text(x(1) + 10, middle + 4, value.text)}`
      }),
    ]
  })
  return `<svg viewBox="0 0 ${WIDTH + 120} ${height}" width="${WIDTH + 120}" role="img" aria-label="${html(title)}">${text(8, 18, title, 'font-size="14" font-weight="600"')}${legend(kinds.map((name) => ({ name, points: [], draw: 'marks' })))}${rows.join('')}</svg>`
}

function text(x: number, y: number, content: string, more = ''): string {
  const size = more.includes('font-size') ? '' : 'font-size="12" '
  return `<text x="${round(x)}" y="${round(y)}" ${size}fill="currentColor" ${more}>${html(content)}</text>`
}

const colourOf = (i: number): string => COLOURS[i % COLOURS.length] ?? COLOURS[0]
const round = (value: number): number => Math.round(value * 10) / 10
