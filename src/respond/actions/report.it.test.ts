import { readFile } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { pdfText } from '../../../test/harness/pdf-text.ts'
import { attackedWith, closeStages, said } from '../../../test/harness/stage.ts'
import { sha256 } from '../../kit/json.ts'
import { listEvidence } from '../../store/evidence.ts'
import { listIncidents } from '../../store/incidents.ts'

afterEach(closeStages)

const writtenSchema = z.object({
  file: z.string(),
  sha256: z.string(),
  format: z.string(),
  kind: z.string(),
  tlp: z.string(),
})

test('a playbook writes the postmortem in every format, with what was investigated, and the ledger has their hashes', async () => {
  const it = await attackedWith(`
  - { id: why, action: investigate }
  - id: paper
    action: report
    args: { formats: [markdown, html, pdf], kind: postmortem }
`)
  await it.until(said('step', /^Step paper succeeded/))
  const { store } = it.running.app
  const [incident] = await listIncidents(store)
  const links = await listEvidence(store, incident?.id ?? '')
  const written = links.filter(({ kind }) => kind === 'report').map(({ body }) => writtenSchema.parse(body))
  expect(written.map(({ format, kind, tlp }) => `${kind} ${format} ${tlp}`)).toEqual([
    'postmortem markdown RED',
    'postmortem html RED',
    'postmortem pdf RED',
  ])
  for (const { file, format, ...known } of written) {
    const bytes = await readFile(file)
    expect(sha256(bytes)).toBe(known.sha256)
    const text = format === 'pdf' ? pdfText(bytes).replaceAll('\n', '') : bytes.toString('utf8')
    for (const part of [
      'Root cause',
      'reentrancy',
      'EthReserve',
      'Calls of the attack',
      'Response times',
      'Actions',
    ])
      expect(text).toContain(part)
  }
})
