import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('every error code has a page, and every page an error code', async () => {
  const files = (await readdir('src', { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.includes('.test.'),
  )
  const sources = await Promise.all(files.map((file) => readFile(join('src', file), 'utf8')))
  const codes = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/^(?! \*).*code: '([a-z]+\.[A-Z]\w+)'/gm)].map(([, code]) => code ?? ''),
    ),
  )
  const missing = [...codes].filter((code) => !existsSync(`docs/errors/${code}.md`))
  const pages = (await readdir('docs/errors')).map((file) => file.replace(/\.md$/, ''))
  const unused = pages.filter((page) => !codes.has(page))
  expect({ missing, unused }).toEqual({ missing: [], unused: [] })
})
