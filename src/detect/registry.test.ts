import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toJson } from '../kit/json.ts'
import { optionsJsonSchema } from './lib/options-schema.ts'
import { detectors } from './registry.ts'

const schema = optionsJsonSchema(detectors) as {
  properties: Record<string, { properties: Record<string, unknown> }>
}

test('docs/schemas/detectors.schema.json is current', async () => {
  await expect(`${toJson(schema, 2)}\n`).toMatchFileSnapshot('../../docs/schemas/detectors.schema.json')
})

test.each(detectors.map(({ id }) => id))('%s has its page, which names every option', (id) => {
  const page = new URL(`../../docs/detectors/${id}.md`, import.meta.url)
  expect(existsSync(page), `docs/detectors/${id}.md`).toBe(true)
  const text = readFileSync(page, 'utf8')
  expect(text).toContain(`# ${id}\n`)
  for (const heading of [
    'What it flags',
    'What it leaves alone',
    'Evidence',
    'Options',
    'Known gaps',
    'Shown on',
  ])
    expect(text, heading).toContain(`## ${heading}\n`)
  for (const option of Object.keys(schema.properties[id]?.properties ?? {}))
    expect(text, option).toContain(`\`${option}\``)
})
