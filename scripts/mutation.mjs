#!/usr/bin/env node
/*
 * Mutation scores by area: Stryker changes the code in one place at a time, and the tests next to it must fail.
 *
 * npm run mutation              all areas
 * npm run mutation -- facts     one of them, or several; options of Stryker come after the areas
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AREAS } from './mutation-areas.mjs'

const root = resolve(import.meta.dirname, '..')
const names = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const options = process.argv.slice(2).filter((word) => word.startsWith('-'))
const unknown = names.filter((name) => !Object.hasOwn(AREAS, name))
if (unknown.length > 0) {
  process.stderr.write(`No area ${unknown.join(', ')}. Fix: name some of ${Object.keys(AREAS).join(', ')}\n`)
  process.exit(1)
}

const rows = (names.length === 0 ? Object.keys(AREAS) : names).map(run)
process.stdout.write(
  `\n${['area', 'score %', 'mutants', 'survived', 'uncovered', 'ignored', 'seconds'].join('\t')}\n`,
)
for (const row of rows) process.stdout.write(`${row.join('\t')}\n`)

function run(area) {
  const report = join(root, '.cordon', 'mutation', `${area}.json`)
  rmSync(report, { force: true })
  const began = performance.now()
  const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  const { status } = spawnSync(process.execPath, [stryker, 'run', 'stryker.config.mjs', ...options], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CORDON_MUTATION_AREA: area },
  })
  if (status !== 0) process.exit(status ?? 1)
  return [area, ...scoreOf(report), Math.round((performance.now() - began) / 1_000)]
}

/** Score, mutants that count, survivors, those that no test reaches, and those left out because they run at import. */
function scoreOf(report) {
  const { files } = JSON.parse(readFileSync(report, 'utf8'))
  const mutants = Object.values(files).flatMap((file) => file.mutants)
  const count = (...states) => mutants.filter(({ status }) => states.includes(status)).length
  const caught = count('Killed', 'Timeout')
  const missed = count('Survived', 'NoCoverage')
  const score = ((100 * caught) / (caught + missed)).toFixed(1)
  return [score, caught + missed, count('Survived'), count('NoCoverage'), count('Ignored')]
}
