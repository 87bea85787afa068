import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe } from 'vitest'
import { corpus } from './corpus.ts'

/** Folder of small inputs that were once read wrongly: `CORDON_CASES`, or `cases` next to the corpus. */
const cases = resolve(process.env['CORDON_CASES'] ?? join(corpus, '..', 'cases'))
const isThere = existsSync(join(cases, 'README.md'))
let told = false

/** `describe` if the cases are present, otherwise `describe.skip` and one line of explanation for the whole run. */
export function describeCases(name: string, suite: () => void): void {
  if (!isThere && !told) {
    told = true
    process.stderr.write(`case tests skipped: no cases at ${cases} (set CORDON_CASES)\n`)
  }
  describe.skipIf(!isThere)(name, suite)
}

export function caseFile(path: string): string {
  return join(cases, path)
}
