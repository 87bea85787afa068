import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stateNames } from '../test/harness/state-fork.ts'
import { type CensusOf, censusOf } from './lever-census/census.ts'
import { pageOf } from './lever-census/page.ts'

/*
 * The levers of 18 attacked protocols on forks of their real state, each tried against the recorded attack: `node
 * dist/bench/lever-census.js` writes docs/levers-on-real-contracts.md. Needs the corpus (CORDON_CORPUS). With names as
 * arguments it covers only these, and prints the page instead of writing it.
 */
const wanted = process.argv.slice(2)
const names = stateNames().filter((name) => wanted.length === 0 || wanted.includes(name))
if (names.length === 0) {
  process.stderr.write('No recorded states: set CORDON_CORPUS.\n')
  process.exit(1)
}
const found: CensusOf[] = []
for (const name of names) {
  process.stderr.write(`${name}\n`)
  found.push(await censusOf(name))
}
const page = pageOf(found)
if (wanted.length > 0) process.stdout.write(page)
else writeFileSync(fileURLToPath(new URL('../../docs/levers-on-real-contracts.md', import.meta.url)), page)
