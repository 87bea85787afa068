import { expect, test } from 'vitest'
import { audiences, tlps } from '../model/report.ts'
import { tlpFor } from './tlp.ts'

test('a report on an open incident is RED for everybody, unless somebody says otherwise', () => {
  for (const audience of audiences) expect(tlpFor({ audience, isClosed: false })).toBe('RED')
  expect(tlpFor({ audience: 'public', asked: 'CLEAR', isClosed: false })).toBe('CLEAR')
})

test('a closed incident is marked with what its audience allows', () => {
  expect(audiences.map((audience) => tlpFor({ audience, isClosed: true }))).toEqual([
    'AMBER+STRICT',
    'AMBER+STRICT',
    'AMBER',
    'CLEAR',
  ])
})

test('any stricter mark is taken, any wider one refused', () => {
  for (const audience of audiences) {
    const widest = tlps.indexOf(tlpFor({ audience, isClosed: true }))
    for (const [index, asked] of tlps.entries()) {
      const mark = (): string => tlpFor({ audience, asked, isClosed: true })
      if (index <= widest) expect(mark()).toBe(asked)
      else expect(mark).toThrow('must not be marked')
    }
  }
})

test('who marks too wide is told how wide it may be', () => {
  expect(() =>
    tlpFor({ audience: 'partner', asked: 'CLEAR', isClosed: true }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [reports.AudienceTooWide: A report for the audience “partner” must not be marked TLP:CLEAR.
      audience: partner
      asked: CLEAR
      widest: AMBER
    Fix: Mark it TLP:AMBER or stricter, or write it for an audience that sees less: --audience public.]
  `)
})
