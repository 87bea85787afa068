/**
 * Counterfactuals on the drill's attacks: the alteration that removed the profit, the number of runs, and the time as a
 * multiple of one plain rerun of the same frozen file (a node started, state loaded, transactions run).
 *
 * npm run build && node dist/bench/what-if.js [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAnvil } from '../src/chain/sandbox/anvil.ts'
import { launchAttack } from '../src/drills/attacks.ts'
import { deployDrill } from '../src/drills/deploy.ts'
import { runTraffic } from '../src/drills/traffic.ts'
import { investigateWhatIf } from '../src/investigate/counterfactual/investigate.ts'
import { freeze, rerun, writeRegression } from '../src/investigate/regress/regress.ts'
import { attackKinds } from '../src/model/attack-kind.ts'
import { quantile, type Row, report } from './report.ts'

const RUNS = 5
const HONEST = 12

async function timed(act: () => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < RUNS; n++) {
    const start = performance.now()
    await act()
    took.push(performance.now() - start)
  }
  return quantile(
    took.sort((a, b) => a - b),
    0.5,
  )
}

async function measure(): Promise<Row[]> {
  const anvil = await startAnvil({ mining: { kind: 'auto' } })
  const dir = await mkdtemp(join(tmpdir(), 'cordon-bench-'))
  try {
    const at = await deployDrill(anvil.url)
    const traffic = await runTraffic(at, anvil.url, { rounds: 1 })
    const legitimate = traffic.filter(({ succeeded }) => succeeded).map(({ hash }) => hash)
    const rows: Row[] = []
    for (const kind of attackKinds) {
      const { transactions } = await launchAttack(at, anvil.url, { kind, rounds: 1 })
      const attacks = transactions.map(({ hash }) => hash)
      const regression = await freeze({
        source: anvil.url,
        attacks,
        legitimate: legitimate.slice(0, HONEST),
      })
      const source = join(dir, `${kind}.json`)
      await writeRegression(source, regression)
      const ask = () =>
        investigateWhatIf({
          source,
          hashes: [],
          legitimate: [],
          scope: { kind: 'everything' },
          full: false,
        })
      const { counterfactuals = [], rootCause } = await ask()
      const gone = counterfactuals.filter(
        ({ outcome, speaksFor }) => outcome === 'profit-gone' && speaksFor.length > 0,
      )
      const plain = await timed(() => rerun({ regression }))
      const whole = await timed(ask)
      rows.push({
        what: kind,
        'took the profit': gone.map(({ alteration }) => alteration).join(', '),
        'honest pass': gone.map(({ legitimate: { passed, of } }) => `${passed}/${of}`).join(', '),
        'first hypothesis': rootCause.category,
        altered: counterfactuals.length,
        'p50 ms': Math.round(whole),
        'times a rerun': (whole / plain).toFixed(1),
      })
    }
    return rows
  } finally {
    await anvil.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

report('what if', await measure())
