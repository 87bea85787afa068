import type { Judged, JudgedWord, Judgement } from '../../src/calibrate/judged.ts'
import type { Calibration } from '../../src/model/calibration.ts'
import { agreedSeverity } from '../../src/model/finding.ts'
import type { Address } from '../../src/model/hex.ts'
import type { Label } from '../../src/model/label.ts'
import { address, hashOf } from './build.ts'

export const pot = address('pot')

export function attackLabel(id: string, parts: Partial<Label> = {}): Label {
  return {
    id,
    label: 'attack',
    transactions: [],
    vulnerableContracts: [pot],
    tags: ['reentrancy'],
    lossUsd: 100,
    attackers: [],
    ...parts,
  }
}

export type JudgedParts = Partial<Omit<Judged, 'words' | 'alert'>> & {
  block?: number
  words?: readonly (Pick<JudgedWord, 'severity'> & Partial<JudgedWord>)[]
  categories?: string[]
  protects?: Address[]
  actors?: Address[]
}

/** A judged transaction; its alert consists of its judged words. */
export function judged(name: string, parts: JudgedParts = {}): Judged {
  const {
    block = 1,
    words: said = [],
    categories = ['reentrancy'],
    protects = [pot],
    actors = [],
    ...rest
  } = parts
  const words = said.map(
    (word): JudgedWord => ({ detector: categories[0] ?? 'x', layer: 'pattern', confidence: 0.5, ...word }),
  )
  const confidence = 1 - words.reduce((wrong, word) => wrong * (1 - word.confidence), 1)
  return {
    file: 'new.ndjson',
    size: 'simple',
    mev: false,
    chainId: 1,
    transactionHash: hashOf(name),
    blockNumber: block,
    index: 0,
    timestamp: 1_600_000_000 + 12 * block,
    label: null,
    alert:
      words.length === 0
        ? null
        : { severity: agreedSeverity(words), confidence, categories, protected: protects, actors },
    words,
    pending: null,
    losses: {},
    train: false,
    ...rest,
  }
}

export function judgement(rows: readonly Judged[], silent = 0): Judgement {
  const kind = { file: 'new.ndjson', size: 'simple' as const, mev: false, chainId: 1, train: false }
  const silentKinds = silent === 0 ? [] : [{ ...kind, count: silent }]
  return { rows, silent: { train: 0, test: silent }, silentKinds, blocks: 0, blind: [] }
}

const runLength = {
  askedDays: 180,
  days: 1,
  falseAlarms: 0,
  n: 100,
  perDay: 100,
  verdict: 'not-certifiable' as const,
  needed: 1_000,
}

/** Even weights: the score is −ln of the probability that every detector is wrong. */
export const evenCalibration: Calibration = {
  type: 'calibration',
  version: 1,
  source: { files: ['known.ndjson'], transactions: 103, attacks: 3, benign: 100 },
  fusion: { pattern: 1, invariant: 1, baseline: 1, preparation: 1, agreement: 0 },
  attacks: [3, 2, 1],
  benign: { n: 100, scores: [1] },
  thresholds: { page: { score: 0.5, runLength }, act: { score: 1, runLength } },
}

export const reportOptions = {
  pauseHours: 4,
  calibration: evenCalibration,
  files: ['known.ndjson', 'new.ndjson'],
  pauseCostBps: 100,
  actionBlocks: 1,
}
