import { expect, test } from 'vitest'
import { fieldName, placeInText, placeOf, readYaml, type YamlSource } from './yaml.ts'

function read(text: string): YamlSource {
  const result = readYaml(text)
  if (result.kind === 'broken') throw new Error(result.problem)
  return result.source
}

const TEXT = `id: odd
steps:
  - id: first
    args:
      roles: [guardian, lead]
  - id: second
`

test('content is plain data', () => {
  expect(readYaml(TEXT)).toMatchObject({
    kind: 'content',
    content: { id: 'odd', steps: [{ args: { roles: ['guardian', 'lead'] } }, { id: 'second' }] },
  })
})

test('broken text is told with line and column', () => {
  expect(readYaml('a: 1\nb: [1\n')).toMatchObject({ kind: 'broken', place: { line: 3, column: 1 } })
})

test('aliases that expand without bound are refused, not followed', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe'].map((pair) => [...pair]))
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join()}]`)
  expect(readYaml(bomb.join('\n'))).toMatchObject({ kind: 'broken', place: { line: 1, column: 1 } })
})

test('the place of a field is that of its name, of an item that of its value', () => {
  const source = read(TEXT)
  expect(placeOf(source, ['steps'])).toEqual({ line: 2, column: 1 })
  expect(placeOf(source, ['steps', 0, 'args', 'roles'])).toEqual({ line: 5, column: 7 })
  expect(placeOf(source, ['steps', 0, 'args', 'roles', 1])).toEqual({ line: 5, column: 25 })
  expect(placeOf(source, ['steps', 1])).toEqual({ line: 6, column: 5 })
})

test('a missing field is told at its nearest parent that exists', () => {
  const source = read(TEXT)
  expect(placeOf(source, ['steps', 1, 'args', 'roles'])).toEqual({ line: 6, column: 5 })
  expect(placeOf(source, [])).toEqual({ line: 1, column: 1 })
  expect(placeOf(read(''), ['id'])).toEqual({ line: 1, column: 1 })
})

test('a character of a text has its place in plain, quoted and literal text; of folded text the beginning', () => {
  const place = (text: string, offset: number) => placeInText(read(text), ['when'], offset)
  expect(place('when: a == b', 5)).toEqual({ line: 1, column: 12 })
  expect(place('when: "a == b"', 5)).toEqual({ line: 1, column: 13 })
  expect(place('when: |\n  one\n  two three\n', 8)).toEqual({ line: 3, column: 5 })
  expect(place('when: >\n  one\n  two three\n', 8)).toEqual({ line: 1, column: 7 })
  expect(place('when: "a \\n b"', 4)).toEqual({ line: 1, column: 7 })
  expect(place('when: [1]', 4)).toEqual({ line: 1, column: 1 })
})

test('a field is named as people write it', () => {
  expect(fieldName(['steps', 0, 'args', 'roles'])).toBe('steps[0].args.roles')
  expect(fieldName([])).toBe('the whole file')
})
