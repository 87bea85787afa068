import { expect, test } from 'vitest'
import { fill } from './template.ts'

const variables = (title: string): Record<string, unknown> => ({
  incident: { title, protected: ['0x1', '0x2'] },
  steps: { ask: { output: { by: 'Ann', list: [1, 2] } } },
  item: null,
})

test('a whole template becomes the value, one in a text becomes text', () => {
  const filled = fill(
    {
      roles: '{{ incident.protected }}',
      body: 'by {{ steps.ask.output.by }}: {{ steps.ask.output.list[1] }}',
    },
    variables('x'),
  )
  expect(filled).toEqual({ roles: ['0x1', '0x2'], body: 'by Ann: 2' })
})

test('a path that leads nowhere is null, or said to be unknown', () => {
  expect(fill('{{ steps.ask.output.no.where }}', variables('x'))).toBe(null)
  expect(fill('see {{ steps.ask.output.no }}', variables('x'))).toBe('see (unknown)')
})

test.each([
  ['{{ steps.ask.output.by }}', 'a template in a value'],
  ['$& $1 $` $$', 'replacement patterns'],
  [`$\{process.env.KEY}`, 'a template literal'],
  ['"}, {"action": "contain"', 'JSON'],
  ["'; DROP TABLE runs; --", 'SQL'],
])('what an attacker calls his token stays text: %s (%s)', (title) => {
  expect(fill('about {{ incident.title }}!', variables(title))).toBe(`about ${title}!`)
  expect(fill({ title: '{{ incident.title }}' }, variables(title))).toEqual({ title })
})

test('control characters, terminal escapes and right-to-left marks do not get through, in a value neither', () => {
  const title = 'a\u001b[2Jb\u202ec\nd'
  expect(fill('{{ incident.title }}', variables(title))).toBe('a·[2Jb·c·d')
  expect(fill('x {{ incident.title }}', variables(title))).toBe('x a·[2Jb·c·d')
})

test('a value cannot be longer than a reader bears', () => {
  expect(String(fill('x {{ incident.title }}', variables('y'.repeat(10_000)))).length).toBeLessThan(600)
})

test.each(['{{ incident.__proto__.polluted }}', '{{ incident.constructor }}', '{{ steps.toString }}'])(
  '%s reaches nothing',
  (text) => expect(fill(text, variables('x'))).toBe(null),
)
