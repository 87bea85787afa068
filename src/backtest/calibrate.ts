import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Outcome } from '../calibrate/calibrate.ts'
import { calibrate } from '../calibrate/calibrate.ts'
import type { Judged, Judgement } from '../calibrate/judged.ts'
import { attackProbability } from '../calibrate/outcomes.ts'
import { runLengthText } from '../calibrate/run-length.ts'
import { rateText } from '../calibrate/statable.ts'
import { clopperPearson, type Proportion, percentText, proportionText } from '../calibrate/statistics.ts'
import { wordsOf } from '../incidents/assess.ts'
import { toJson } from '../kit/json.ts'
import type { Alert } from '../model/alert.ts'
import type { Calibration } from '../model/calibration.ts'
import { stratumName } from '../reports/backtest-strata.ts'
import type { JudgeFilesOptions } from './judge-files.ts'
import { judgeFiles } from './judge-files.ts'

/** An incident's alerts with a person's verdict. */
export type JudgedAlert = {
  incidentId: string
  transactionHash: string
  attack: boolean
  findings: Alert['findings']
}

export type CalibrateFilesOptions = JudgeFilesOptions & {
  budgets: { pageDays: number; actDays: number }
  /** Transactions of the protected contracts per day. */
  perDay: number
  /** People's verdicts about recorded incidents; they count like labels. */
  verdicts: readonly JudgedAlert[]
  /** File to write; null: none. */
  out: string | null
}

/** Computes a calibration from recorded files with labels, and from verdicts. Throws the errors of reading. */
export async function calibrateFiles(options: CalibrateFilesOptions): Promise<Calibration> {
  const calibration = calibrationOf(await judgeFiles(options), options)
  if (options.out !== null) await writeFile(options.out, `${toJson(calibration, 1)}\n`)
  return calibration
}

/** The calibration that judged files and verdicts give. */
export function calibrationOf(
  { rows, silent, silentKinds }: Judgement,
  {
    files,
    budgets,
    perDay,
    verdicts,
  }: Pick<CalibrateFilesOptions, 'files' | 'budgets' | 'perDay' | 'verdicts'>,
): Calibration {
  const judged = rows.filter(({ train }) => !train)
  return calibrate([...judged.map(outcomeOf), ...verdicts.map(outcomeOfVerdict)], {
    files: files.map((file) => basename(file)),
    budgets,
    perDay,
    silent: silent.test,
    silentKinds: silentKinds.filter(({ train }) => !train),
  })
}

function outcomeOf({ transactionHash, label, words, size, mev, chainId }: Judged): Outcome {
  const attack = label?.label === 'attack'
  return {
    case: attack ? (label?.id ?? transactionHash) : transactionHash,
    attack,
    words,
    kind: { size, mev, chainId },
  }
}

function outcomeOfVerdict({ incidentId, attack, findings }: JudgedAlert): Outcome {
  return { case: incidentId, attack, words: wordsOf(findings) }
}

/** A calibration for people: every figure with its n and interval. */
export function describeCalibration(calibration: Calibration): string[] {
  const { source, fusion, thresholds, attacks, benign } = calibration
  const weights = Object.entries(fusion).map(([name, weight]) => `${name} ${weight.toFixed(2)}`)
  const lines = [
    `${source.transactions} transactions: ${source.attacks} attacks (cases), ${source.benign} benign`,
    `weights                ${weights.join(', ')}`,
  ]
  for (const [name, { score, runLength }] of Object.entries(thresholds)) {
    const reached = attacks.filter((other) => other >= score).length
    const alarms = benign.scores.filter((other) => other >= score).length
    const probability = attackProbability(calibration, { score, prior: 1e-6 })
    lines.push(
      `to ${name.padEnd(4)} score ${score.toFixed(2)} or more`,
      `  attacks that reach it  ${proportionText(clopperPearson({ successes: reached, n: attacks.length }))}`,
      `  benign that reach it   ${proportionText(clopperPearson({ successes: alarms, n: benign.n }))}`,
      `  run length             ${runLengthText(runLength)}`,
      `  P(attack) if one transaction in a million is one: ${percentText(probability.estimate)} (95 % interval ${percentText(probability.low)} to ${percentText(probability.high)})`,
    )
  }
  return [...lines, ...kindLines(calibration)]
}

/** Each kind apart, at the threshold to page: one rate over all hides the hard ones. */
function kindLines({ strata = [], thresholds: { page } }: Calibration): string[] {
  const rate = (scores: readonly number[], n: number): Proportion =>
    clopperPearson({ successes: scores.filter((score) => score >= page.score).length, n })
  return [
    ...(strata.length === 0
      ? []
      : ['apart, at the score to page: attacks that reach it; benign that reach it']),
    ...strata.map(
      ({ of, attacks, benign }) =>
        `  ${stratumName(of)}: ${rateText(rate(attacks, attacks.length), 'share')}; ${rateText(rate(benign.scores, benign.n), 'rare')}`,
    ),
  ]
}
