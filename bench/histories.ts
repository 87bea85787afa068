import { existsSync } from 'node:fs'
import { type InvariantOptions, invariants } from '../src/detect/detectors/invariants/invariants.ts'
import { busyContracts } from './busy.ts'
import { corpus, type History, judgeHistory, type Outcome, readHistories } from './history.ts'
import { rate } from './interval.ts'
import { type Row, report } from './report.ts'

/*
 * Learned invariants on whole protocol histories, in chain order: each transaction is judged by a model of the earlier
 * ones only, then learned unless alarmed (prequential). Then with learning stopped after 70 % of the transactions, over
 * a grid of thresholds, and with the thresholds chosen on the other protocols (leave one out).
 *
 * The published false-positive count (labels: `publishedFpRule`) needs the class of each transaction, but the file has
 * only the size of each class. A flagged transaction counts as a false positive unless it certainly is excluded: sent
 * straight to the protocol (S or P), or in a history whose counts leave no other sender (other + external = exploits).
 * So our figure is an upper bound. The strict count is every flagged transaction that is not an exploit, from any
 * sender, from the first transaction on. Intervals are two-sided 95 % Clopper–Pearson.
 */

const defaults = invariants.options.parse({})

if (existsSync(corpus)) await main(await readHistories())
else process.stderr.write(`no corpus at ${corpus}: set CORDON_CORPUS\n`)

async function main(histories: readonly History[]): Promise<void> {
  const outcomes = (options: InvariantOptions, share: number | null): Outcome[] =>
    histories.map((history) => judgeHistory(history, options, share))
  report(
    'histories, prequential: every transaction judged by what came before it',
    table(outcomes(defaults, null)),
  )
  report('histories, learned from the first 70 %, judged frozen on the rest', table(outcomes(defaults, 0.7)))
  report(
    'the same without releasing told sequences',
    table(outcomes({ ...defaults, releaseAfterBlocks: null }, null)),
  )
  report(
    'thresholds: each on the five histories, prequential',
    grid().map((options) => gridRow(options, outcomes(options, null))),
  )
  const bare = await readHistories(corpus, 'calls')
  report(
    'histories, prequential, without storage: as most nodes trace',
    table(bare.map((history) => judgeHistory(history, defaults))),
  )
  report(
    'hard ground: busy contracts of blocks full of bots, each protected alone',
    await busyContracts(defaults, 40),
  )
  report(
    'leave one protocol out: thresholds chosen on the other four, worst of equals',
    leaveOneOut(histories),
  )
}

function table(outcomes: readonly Outcome[]): Row[] {
  const sum = (pick: (outcome: Outcome) => number): number => outcomes.reduce((n, it) => n + pick(it), 0)
  const found = outcomes.filter(({ exploit }) => exploit === 'flagged').length
  return [
    ...outcomes.map((it) => ({
      what: it.protocol,
      exploit: it.exploit,
      confidence: it.confidence.toFixed(3),
      rank: `${it.rank} of ${it.transactions}`,
      'attack transactions': `${it.exploitsFlagged}/${it.exploits}`,
      'FP strict, %': rate(it.strict, it.benign),
      'of the first 30': it.early,
      'FP published rule (upper), %': rate(it.published, it.transactions),
      restless: it.restless,
    })),
    {
      what: 'all',
      exploit: `${found} of ${outcomes.length}`,
      confidence: '',
      rank: '',
      'attack transactions': `${sum((it) => it.exploitsFlagged)}/${sum((it) => it.exploits)}`,
      'FP strict, %': rate(
        sum((it) => it.strict),
        sum((it) => it.benign),
      ),
      'of the first 30': sum((it) => it.early),
      'FP published rule (upper), %': rate(
        sum((it) => it.published),
        sum((it) => it.transactions),
      ),
      restless: sum((it) => it.restless),
    },
  ]
}

function grid(): InvariantOptions[] {
  return [0.03, 0.05, 0.1, 0.2].flatMap((maxFalseRate) =>
    [2, 4, 10].flatMap((margin) =>
      [0.00005, 0.0005, 0.005].map((maxJointRate) => ({ ...defaults, maxFalseRate, margin, maxJointRate })),
    ),
  )
}

function gridRow(
  { maxFalseRate, margin, maxJointRate }: InvariantOptions,
  outcomes: readonly Outcome[],
): Row {
  const { found, alarms } = worth(outcomes)
  return {
    what: `maxFalseRate ${maxFalseRate}, margin ${margin}, maxJointRate ${maxJointRate}`,
    'exploits flagged': `${found} of ${outcomes.length}`,
    'false alarms (strict)': alarms,
  }
}

function worth(outcomes: readonly Outcome[]): { found: number; alarms: number } {
  return {
    found: outcomes.filter(({ exploit }) => exploit === 'flagged').length,
    alarms: outcomes.reduce((sum, { strict }) => sum + strict, 0),
  }
}

/** Most exploits, then fewest false alarms on four; of the thresholds that are equal there, the worst on the fifth. */
function leaveOneOut(histories: readonly History[]): Row[] {
  const results = grid().map((options) => histories.map((history) => judgeHistory(history, options)))
  return histories.map(({ label }, out) => {
    const scored = results.map((outcomes) => {
      const { found, alarms } = worth(outcomes.filter((_, i) => i !== out))
      return { score: found * 10_000 - alarms, held: outcomes[out] }
    })
    const best = Math.max(...scored.map(({ score }) => score))
    const equals = scored.filter(({ score }) => score === best).flatMap(({ held }) => held ?? [])
    return {
      what: label.protocol,
      'thresholds chosen': equals.length,
      exploit: equals.every(({ exploit }) => exploit === 'flagged') ? 'flagged' : 'missed by some',
      'false alarms, most': Math.max(...equals.map(({ strict }) => strict)),
    }
  })
}
