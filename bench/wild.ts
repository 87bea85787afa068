/**
 * Recorded attacks on real contracts, mined on forks of their real state, with a Cordon watching under a standing authorisation: how
 * many are paged, how many contained without people, and within how many blocks. Puppets stand in for the attackers' contracts
 * and a key of the test for the account that may pull the levers (`test/harness/wild.ts`). Detection was written with these attacks in view.
 *
 * npm run build && node dist/bench/wild.js [--only Compound,Rikkei] [--why] [--json]
 */
import { parseArgs } from 'node:util'
import { stateNames } from '../test/harness/state-fork.ts'
import { runWild } from '../test/harness/wild.ts'
import { type Row, report } from './report.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, why: { type: 'boolean' }, json: { type: 'boolean' } },
})
const only = values.only?.split(',')
const rows: Row[] = []
for (const name of stateNames()) {
  if (only !== undefined && !only.includes(name)) continue
  try {
    const outcome = await runWild(name)
    if (outcome === null) {
      rows.push({ what: name, severity: 'not replayable' })
      continue
    }
    const { severity, state, levers, pulled, said, because } = outcome
    rows.push({
      what: name,
      severity: severity ?? 'none',
      levers,
      state: state ?? '-',
      pulled: pulled?.signature ?? '-',
      'blocks after': pulled?.blocks ?? '-',
    })
    if (values.why === true)
      process.stdout.write(
        `${name}\n${[...said, ...because].map((line) => `  ${line.slice(0, 400)}`).join('\n')}\n`,
      )
  } catch (thrown) {
    rows.push({ what: name, severity: `not run: ${String(thrown).split('\n')[0]?.slice(0, 80)}` })
  }
}
report('recorded attacks on forks of real state', rows)
