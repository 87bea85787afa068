import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { detectors } from '../src/detect/registry.ts'

const pages = [
  'README.md',
  'bench/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file))
    .sort(),
]

/** Links of a page to files of this repository: as written, without those inside code. */
function linksIn(page: string): string[] {
  const prose = readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  const prose = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}

test.each(pages)('%s links only to what exists', (page) => {
  const broken = linksIn(page).filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(target)) return true
    return anchor !== undefined && statSync(target).isFile() && !anchorsOf(target).includes(anchor)
  })
  expect(broken).toEqual([])
})

test('the guide lists every detector, with a link to its page', () => {
  const guide = linksIn('docs/guides/detectors.md')
  expect(guide.filter((link) => link.startsWith('../detectors/')).sort()).toEqual(
    detectors.map(({ id }) => `../detectors/${id}.md`).sort(),
  )
})

const quoted = readdirSync('docs/detectors').flatMap((file) => {
  const shown = readFileSync(join('docs/detectors', file), 'utf8').split('## Shown on\n')[1] ?? ''
  return [...shown.matchAll(/“([^”]+)”/g)].map(
    (match) => [file, (match[1] ?? '').replace(/\s+/g, ' ')] as const,
  )
})
const tests = ['src/detect', 'test/replay']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

test.each(quoted)('%s names a test that is there: %s', (_, name) => {
  expect(tests).toContain(name)
})
