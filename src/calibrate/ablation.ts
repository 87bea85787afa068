import type { Layer } from '../model/assessment.ts'
import { layers } from '../model/assessment.ts'
import type { Calibration } from '../model/calibration.ts'
import { agreedSeverity, atLeast } from '../model/finding.ts'
import { scoreOf } from './calibrate.ts'
import type { Area, Scored } from './curves.ts'
import { rocArea } from './curves.ts'
import type { Judged, JudgedWord, Judgement } from './judged.ts'
import { isAttack } from './judged.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'

/** The detection result without one component, everything else unchanged. */
export type Ablation = {
  without: { kind: 'nothing' } | { kind: 'layer'; layer: Layer } | { kind: 'detector'; detector: string }
  /** At medium or above. */
  recall: Proportion
  falsePositiveRate: Proportion
  /** By the fused score, at the calibration's threshold for paging. */
  paging: { recall: Proportion; falsePositiveRate: Proportion }
  /** Of the fused score. */
  area: Area
}

/**
 * Detection without each layer and without each detector that had findings, computed from the recorded findings:
 * detectors do not see one another's findings, so leaving one out changes no other. Weights and thresholds stay those
 * of the calibration.
 */
export function ablations({ rows, silent }: Judgement, calibration: Calibration): Ablation[] {
  const detectors = [...new Set(rows.flatMap(({ words }) => words.map(({ detector }) => detector)))].sort()
  const test = rows.filter(({ train }) => !train)
  const all: Ablation['without'][] = [
    { kind: 'nothing' },
    ...layers.map((layer) => ({ kind: 'layer' as const, layer })),
    ...detectors.map((detector) => ({ kind: 'detector' as const, detector })),
  ]
  return all.map((without) => ablation(without, { rows: test, silent: silent.test, calibration }))
}

function ablation(
  without: Ablation['without'],
  { rows, silent, calibration }: { rows: readonly Judged[]; silent: number; calibration: Calibration },
): Ablation {
  const left = rows.map((row) => {
    const words = row.words.filter((word) => !isOut(word, without))
    return {
      attack: isAttack(row),
      flagged: words.length > 0 && atLeast(agreedSeverity(words), 'medium'),
      score: scoreOf(calibration, words),
    }
  })
  const share = (attack: boolean, hit: (item: (typeof left)[number]) => boolean): Proportion => {
    const kind = left.filter((item) => item.attack === attack)
    return clopperPearson({
      successes: kind.filter(hit).length,
      n: kind.length + (attack ? 0 : silent),
    })
  }
  const pages = ({ score }: { score: number }): boolean =>
    score > 0 && score >= calibration.thresholds.page.score
  const scored: Scored[] = left.map(({ score, attack }) => ({ score, positive: attack }))
  return {
    without,
    recall: share(true, ({ flagged }) => flagged),
    falsePositiveRate: share(false, ({ flagged }) => flagged),
    paging: { recall: share(true, pages), falsePositiveRate: share(false, pages) },
    area: rocArea([...scored, ...silence(silent)]),
  }
}

/** Transactions without findings, as one item; none where there are none. */
export function silence(times: number): Scored[] {
  return times === 0 ? [] : [{ score: 0, positive: false, times }]
}

function isOut({ layer, detector }: JudgedWord, without: Ablation['without']): boolean {
  switch (without.kind) {
    case 'nothing':
      return false
    case 'layer':
      return layer === without.layer
    case 'detector':
      return detector === without.detector
  }
}
