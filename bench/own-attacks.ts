/**
 * Attacks of our own writing on real contracts, mined on forks of their recorded state, with a Cordon watching as it is shipped, under
 * an authorisation made by the code of `cordon levers authorize`: whether each is contained without people, within how many blocks, and
 * what a second attack takes that is sent when the pull is seen (`test/harness/own-attacks/`).
 *
 * npm run build && node dist/bench/own-attacks.js [--only open-prices,empty-market] [--why] [--json]
 */
import { parseArgs } from 'node:util'
import { formatUnits } from 'viem'
import { messageOf } from '../src/kit/error.ts'
import { ownAttacks } from '../test/harness/own-attacks/all.ts'
import { runOwnAttack } from '../test/harness/own-attacks/run.ts'
import { type Row, report } from './report.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, why: { type: 'boolean' }, json: { type: 'boolean' } },
})
const only = values.only?.split(',')
const rows: Row[] = []
for (const own of ownAttacks) {
  if (only !== undefined && !only.includes(own.id)) continue
  const what = `${own.kind}: ${'state' in own ? own.state : own.package}, ${own.id}`
  try {
    const outcome = await runOwnAttack(own)
    const { severity, state, pulled, taken, alone } = outcome
    const { decimals, symbol } = outcome.purse
    const amount = (units: bigint): string =>
      `${Number(formatUnits(units, decimals)).toLocaleString('en', { maximumFractionDigits: 2 })} ${symbol}`
    rows.push({
      what,
      severity: severity ?? 'none',
      state: state ?? '-',
      pulled: pulled?.signature ?? '-',
      'blocks after': pulled?.blocks ?? '-',
      taken: amount(taken.first),
      'by the second': amount(taken.second),
      'second, nobody steps in': amount(alone.second),
    })
    if (values.why !== true) continue
    const replaced = outcome.replaced.map(
      ({ contract, view }) => `test key in the place of ${view} of ${contract}`,
    )
    const lines = [
      own.planted,
      own.deed,
      ...replaced,
      ...outcome.authorised,
      ...outcome.said,
      ...outcome.because,
    ]
    process.stdout.write(`${what}\n${lines.map((line) => `  ${line.slice(0, 500)}`).join('\n')}\n`)
  } catch (thrown) {
    rows.push({ what, severity: `not run: ${messageOf(thrown).split('\n')[0]?.slice(0, 160)}` })
  }
}
report('attacks of our own on real code', rows)
