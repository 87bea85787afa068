import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Every `code: 'room.Name'` in the source; pages are named for it. */
function codesInSource(): string[] {
  const codes = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== join('kit', 'error.ts'))
    .flatMap((file) => [...readFileSync(join('src', file), 'utf8').matchAll(/code: '([a-z]+\.[A-Z]\w*)'/g)])
    .map((match) => match[1] ?? '')
  return [...new Set(codes)].sort()
}

const pages = readdirSync('docs/errors')
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.slice(0, -3))
  .sort()

test('every error that Cordon can throw has a page, and every page an error', () => {
  expect(pages).toEqual(codesInSource())
})

test.each(pages)('%s says what it means, why it happens and how to fix it, in 5 to 20 lines', (code) => {
  const lines = readFileSync(join('docs/errors', `${code}.md`), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines[0]).toBe(`# ${code}`)
  expect(lines.filter((line) => /^\*\*(What it means|Why|Fix)\.\*\* \S/.test(line))).toHaveLength(3)
  expect(lines.length).toBeGreaterThanOrEqual(5)
  expect(lines.length).toBeLessThanOrEqual(20)
})
