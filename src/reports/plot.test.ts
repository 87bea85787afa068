import { expect, test } from 'vitest'
import { barChart, plot } from './plot.ts'

const base = { title: 'T', xLabel: 'x', yLabel: 'y' }

test('points lie where their values say, within the axes', () => {
  const svg = plot({ ...base, xMax: 2, series: [{ name: 's', draw: 'marks', points: [{ x: 1, y: 0.5 }] }] })
  expect(svg).toContain('<circle cx="278" cy="184" r="3.5"')
  expect(plot({ ...base, series: [{ name: 's', draw: 'marks', points: [{ x: 9, y: 0 }] }] })).toContain(
    '<circle cx="500" cy="316" r="3.5"',
  )
})

test('an interval is a band around the line, or a bar through the point either way', () => {
  const svg = plot({
    ...base,
    series: [
      {
        name: 's',
        draw: 'line',
        points: [{ x: 0, y: 1 }],
        band: [
          { x: 0, low: 0, high: 1 },
          { x: 1, low: 0, high: 1 },
        ],
        bars: [
          { x: 0.5, low: 0, high: 1 },
          { y: 0.5, low: 0, high: 1 },
        ],
      },
    ],
  })
  expect(svg).toContain('M56 52L500 52L500 316L56 316Z')
  expect(svg).toContain('M278 316L278 52')
  expect(svg).toContain('M56 184L500 184')
})

test('names from outside are text', () => {
  const value = { share: 0.5, low: 0.1, high: 0.9, text: '<i>' }
  const svg = barChart({ title: '<t>', kinds: ['<k>'], bars: [{ name: '</svg><script>', values: [value] }] })
  expect(svg).not.toMatch(/<(t|k|i|script)>/)
  expect(svg.match(/<rect /g)).toHaveLength(1)
})
