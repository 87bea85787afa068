import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe } from 'vitest'
import { corpus } from './corpus.ts'

/** Folder of small inputs that were read wrongly once: `CORDON_CASES`, or `cases` beside the corpus. */
const cases = resolve(process.env['CORDON_CASES'] ?? join(corpus, '..', 'cases'))
const isThere = existsSync(join(cases, 'README.md'))
let told = false

/** `describe` where the cases are, `describe.skip` and one line of explanation for the whole run where they are not. */
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
