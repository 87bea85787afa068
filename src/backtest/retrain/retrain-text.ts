import { rateText } from '../../calibrate/statable.ts'
import type { RateUse } from '../../model/statable.ts'
import type { Change, Comparison } from './compare.ts'
import type { Retrained } from './retrain.ts'

/** A retraining for people: what was learned from, what it changes on what was held out, and how to use it. */
export function describeRetrained(retrained: Retrained): string[] {
  const { attacks, benign, absent, comparisons, trees, split } = retrained
  return [
    `${attacks.cases} attacks (${attacks.scored} with economic evidence, so scored), ${benign.transactions} benign transactions (${benign.scored} scored, ${benign.judged} judged by people)`,
    ...(absent.length === 0
      ? []
      : [
          `${absent.length} labelled or judged transactions are in none of the files: record their blocks to use them`,
        ]),
    split.by === 'files'
      ? `held out: every file once, in ${split.folds} parts, judged by a model that did not see its part`
      : 'held out: everything after --train-before',
    ...comparisons.flatMap(comparisonLines),
    `${trees.after - trees.before} trees added to ${trees.before}`,
    ...adviceLines(retrained),
  ]
}

const USES: Readonly<Record<Comparison['name'], string>> = {
  page: 'pages alone',
  confirm: 'pages with another detector’s finding',
}

function comparisonLines({ name, score, recall, simple, complex }: Comparison): string[] {
  return [
    `score ${score.toFixed(2)} or more (${USES[name]})`,
    ...changeLines('recall', recall, 'share'),
    ...changeLines('false, simple', simple, 'rare'),
    ...changeLines('false, complex', complex, 'rare'),
  ]
}

function changeLines(name: string, { before, after, gained, lost }: Change, use: RateUse): string[] {
  return [
    `  ${name.padEnd(15)} before  ${rateText(before, use)}`,
    `  ${''.padEnd(15)} after   ${rateText(after, use)}; ${gained} more, ${lost} fewer`,
  ]
}

function adviceLines({ better, out }: Retrained): string[] {
  const advice = better
    ? 'on what was held out the retrained score is better somewhere and worse nowhere'
    : 'keep the present score: on what was held out the retrained one is worse somewhere, or no better'
  if (out === null) return [advice, 'nothing written (give --write)']
  return [
    advice,
    `written to ${out}; to use it: detectors: { economics: { model: '${out}' } } in cordon.config.ts`,
    'its past false alarms and attacks were learned: thresholds of a calibration are those of the score it was made with, so run `cordon calibrate` again',
  ]
}
