import { html } from './html.ts'

export type Point = { x: number; y: number }
export type Plot = {
  title: string
  xLabel: string
  yLabel: string
  /** x and y from 0 to 1 */
  series: readonly { name: string; points: readonly Point[]; marks?: boolean }[]
}

const WIDTH = 480
const HEIGHT = 360
const LEFT = 56
const BOTTOM = 44
const TOP = 28
const RIGHT = 16
const COLOURS = ['#2f6feb', '#c4432b', '#1a7f37', '#9a6700'] as const

/** A plot on the unit square as inline SVG. */
export function unitPlot({ title, xLabel, yLabel, series }: Plot): string {
  const x = (value: number): number => LEFT + value * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP)
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (tick) =>
      `<path d="M${x(0)} ${y(tick)}H${x(1)}" stroke="currentColor" opacity=".15"/><text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end" font-size="12" fill="currentColor">${tick}</text><text x="${x(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle" font-size="12" fill="currentColor">${tick}</text>`,
  )
  const lines = series.map(({ name, points, marks = false }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = points
      .map((point, n) => `${n === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`)
      .join('')
    const dots = marks
      ? points
          .map(
            (point) =>
              `<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3" fill="${colour}"/>`,
          )
          .join('')
      : ''
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}<text x="${WIDTH - RIGHT}" y="${TOP + 14 + i * 16}" text-anchor="end" font-size="12" fill="${colour}">${html(name)}</text>`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${html(title)}"><text x="${LEFT}" y="18" font-size="14" font-weight="600" fill="currentColor">${html(title)}</text>${grid.join('')}<text x="${x(0.5)}" y="${HEIGHT - 6}" text-anchor="middle" font-size="12" fill="currentColor">${html(xLabel)}</text><text transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle" font-size="12" fill="currentColor">${html(yLabel)}</text>${lines.join('')}</svg>`
}
