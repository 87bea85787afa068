import { expect, test } from 'vitest'
import { investigationOf } from '../../test/harness/report-record.ts'
import { describeInvestigation } from './investigation-text.ts'

test('what a chain says is inert on a terminal: no escape, no mark that turns text round, no line of its own', () => {
  const words = 'a\u001b[31mred\u001b]8;;x\u0007 \u202egnp \u200b\u0000 \ud800\nline'
  const said = describeInvestigation(investigationOf(words), { tree: true })
  expect(said.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  expect(said.join('')).toContain('·[31mred')
})

test('a name of 100,000 signs makes no long line', () => {
  const said = describeInvestigation(investigationOf('A'.repeat(100_000)), { tree: true })
  for (const line of said) expect(line.length).toBeLessThanOrEqual(2_000)
})
