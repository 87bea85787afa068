import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml, stringify } from 'yaml'
import { checkedSchema } from '../src/app/config/load.ts'
import { testRule } from '../src/backtest/rules/test-rules.ts'
import { createProgram } from '../src/cli/program.ts'
import { detectors } from '../src/detect/registry.ts'
import { parseRule } from '../src/detect/rules/parse.ts'
import { parsePlaybook } from '../src/playbooks/parse.ts'

/** A fenced block of a page. */
type Snippet = { where: string; language: string; code: string }

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
]
  // test/extending.it.test.ts follows this one as a whole
  .filter((page) => page !== join('docs', 'guides', 'extending.md'))
  .sort()

const snippets = pages.flatMap((page): Snippet[] => {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```/gm)].map(
    ({ 1: language = '', 2: code = '', index }) => ({
      where: `${page}:${text.slice(0, index).split('\n').length}`,
      language: language.split(' ')[0] ?? '',
      code,
    }),
  )
})
const of = (...languages: string[]) =>
  snippets.filter(({ language }) => languages.includes(language)).map((it) => [it.where, it.code] as const)

/** Fields of a configuration, as the guides show them: without the braces around. */
function fieldsIn(code: string): Record<string, unknown> {
  return new Function(`return {${code}\n}`)()
}

describe('snippets of TypeScript are accepted as part of a configuration', () => {
  const chains = [{ chainId: 1, rpcUrls: ['http://127.0.0.1:8545'] }]
  test.each(of('ts'))('%s', (_, code) => {
    const config = checkedSchema.parse({ chains, ...fieldsIn(code) })
    for (const [id, options] of Object.entries(config.detectors)) {
      const detector = detectors.find((known) => known.id === id)
      expect(detector?.id).toBe(id)
      const files = Object.keys(detector?.files ?? {})
      const inline = Object.entries(options as object).filter(([name]) => !files.includes(name))
      detector?.options.parse(Object.fromEntries(inline))
    }
  })
})

/** Steps of a playbook, or one, as a playbook that has nothing else. */
function playbookOf(content: unknown): string {
  const steps = (Array.isArray(content) ? content : [content]) as unknown[]
  const head = {
    ...{ id: 'snippet', title: 'Snippet', owner: 'docs', level: 'test', description: 'Steps of a guide' },
    when: { severity: 'high' },
  }
  return stringify({ ...head, steps })
}

describe('snippets of YAML are accepted, and a rule passes its own tests', () => {
  test.each(of('yaml'))('%s', async (where, code) => {
    const content: unknown = parseYaml(code)
    if (typeof content === 'object' && content !== null && 'when' in content) {
      for await (const result of testRule(parseRule(code, where)))
        expect(result).toMatchObject({ passed: true })
    } else parsePlaybook(playbookOf(content), where)
  })
})

test.each(of('json'))('%s is JSON', (_, code) => {
  expect(() => JSON.parse(code) as unknown).not.toThrow()
})

const program = createProgram(async () => {})

/** The flaw in a command line of ours; undefined where it could be typed. */
function faultOf(line: string): string | undefined {
  const words = line
    .replace(/"[^"]*"|'[^']*'/g, 'TEXT')
    .split(/[\s|[\](){}]+/)
    .filter((word) => word !== '')
  let command: Command = program
  for (const word of words.slice(1)) {
    const next = command.commands.find((known) => known.name() === word)
    if (next !== undefined) command = next
    else if (command.commands.length > 0) return `no command ${word}`
    else break
  }
  const options = command.options.flatMap(({ short, long }) => [short, long])
  const unknown = words.filter(
    (word) => /^--?[a-z]/i.test(word) && !options.includes(word.split('=')[0] ?? ''),
  )
  return unknown.length === 0 ? undefined : `${command.name()} has no ${unknown.join(', ')}`
}

/** Lines of shell that call Cordon: whole blocks, with continued lines joined and comments off. */
function linesIn(code: string): string[] {
  return code
    .replace(/\\\n/g, ' ')
    .replace(/\n {8,}(?=\[|--)/g, ' ')
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, '').trim())
    .map((line) => line.replace(/^npx +/, ''))
    .filter((line) => /^cordon /.test(line))
}

describe('commands that the pages name exist, with these options', () => {
  const blocks = of('sh', '').flatMap(([where, code]) => linesIn(code).map((line) => [where, line] as const))
  const inline = pages.flatMap((page) =>
    [
      ...readFileSync(page, 'utf8')
        .replace(/^```[\s\S]*?^```/gm, '')
        .matchAll(/`(?:npx )?(cordon [a-z][^`]*)`/g),
    ].map(([, line = '']) => [page, line.replace(/\s+/g, ' ')] as const),
  )
  test.each([...blocks, ...inline])('%s: %s', (_, line) => {
    expect(faultOf(line)).toBeUndefined()
  })
})

test('a command or an option that is not there is noticed', () => {
  expect(faultOf('cordon levers discover 0x… --with a=b')).toBeUndefined()
  expect(faultOf('cordon levers find')).toBe('no command find')
  expect(faultOf('cordon incidents verify ID --sure')).toBe('verify has no --sure')
})
