import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const path = [...page.matchAll(/^\| \[`[^`]+`\]\(\.\.\/(src\/[^)]+)\)/gm)].map(([, file = '']) => file)

function importsOf(file: string): Set<string> {
  const text = readFileSync(join(root, file), 'utf8')
  const specifiers = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, specifier = '']) => specifier)
  return new Set(specifiers.map((specifier) => join(dirname(file), specifier)))
}

test('from one block to one report it is 20 files at most, the first of them the start and the last the report', () => {
  expect(path.length).toBeGreaterThan(10)
  expect(path.length).toBeLessThanOrEqual(20)
  expect([path[0], path.at(-1)]).toEqual(['src/app/start.ts', 'src/respond/actions/report.ts'])
})

test('each file of the path is imported by one that a reader has seen before it', () => {
  const imports = path.map(importsOf)
  const unreachable = path.filter(
    (file, index) => index > 0 && !imports.slice(0, index).some((seen) => seen.has(file)),
  )
  expect(unreachable).toEqual([])
})
