import { expect, test } from 'vitest'
import { toJson } from '../kit/json.ts'
import { investigationSchema } from './investigation.ts'
import { jsonSchemaOf } from './json-schema.ts'

test('docs/schemas/investigation.schema.json is current', async () => {
  const document = { title: 'cordon investigate --json', ...jsonSchemaOf(investigationSchema) }
  await expect(`${toJson(document, 2)}\n`).toMatchFileSnapshot('../../docs/schemas/investigation.schema.json')
})
