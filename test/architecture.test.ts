import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const path = [...page.matchAll(/^\| \[`[^`]+`\]\(\.\.\/(src\/[^)]+)\)/gm)].map(([, file = '']) => file)
const stages = [...page.matchAll(/^\| [a-z ]+\| \[`[^`]+`\]\(\.\.\/(src\/contain\/pipeline\/[^)]+)\)/gm)].map(
  ([, file = '']) => file,
)
const PIPELINE = 'src/contain/pipeline/pipeline.ts'

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

/** The place of the first call of a function that a stage's file exports, in the text of the pipeline. */
function firstCall(pipeline: string, stage: string): number {
  const text = readFileSync(join(root, stage), 'utf8')
  const names = [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name = '']) => name)
  const calls = names.map((name) => pipeline.search(new RegExp(`await [^\n]*\\b${name}\\(containing`)))
  return Math.min(...calls.filter((place) => place >= 0))
}

test('the pipeline imports every stage of containment and calls them in the order of the page', () => {
  expect(path).toContain(PIPELINE)
  expect(stages.length).toBeGreaterThanOrEqual(9)
  expect([...importsOf(PIPELINE)]).toEqual(expect.arrayContaining(stages))
  const pipeline = readFileSync(join(root, PIPELINE), 'utf8')
  const calls = stages.map((stage) => firstCall(pipeline, stage))
  expect(calls.every(Number.isFinite)).toBe(true)
  expect(calls).toEqual(calls.toSorted((a, b) => a - b))
})
