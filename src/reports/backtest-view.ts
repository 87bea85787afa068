/** A share with its count and exact interval, as calibration makes it. */
export type Share = { successes: number; n: number; estimate: number; low: number; high: number }
type Rates = { recall: Share; falsePositiveRate: Share }
type CurvePoint = Rates & { precision: Share; threshold: number }
type AreaView = { auc: number; low: number; high: number }
type At = Rates & {
  score: number
  precision: Share
  falseAlarmsPerDay: { estimate: number; low: number; high: number }
}

export type StratumView = {
  of:
    | { kind: 'all' }
    | { kind: 'size'; size: 'simple' | 'complex' }
    | { kind: 'mev' }
    | { kind: 'chain'; chainId: number }
    | { kind: 'split'; split: 'held-out' | 'in-sample' | 'taught' }
  protected: Rates | null
  open: Rates | null
}

/** The data that the report shows; the shape of calibration's BacktestReport. */
export type BacktestView = {
  transactions: number
  attacks: number
  cases: number
  atSeverity: Record<'medium' | 'high' | 'critical', Rates & { precision: Share }>
  rightCategory: Share
  missed: readonly string[]
  area: AreaView
  detectors: readonly { detector: string; attacks: Share; benign: Share; onlyByIt: number }[]
  falseAlarms: readonly { transactionHash: string; severity: string; categories: readonly string[] }[]
  split: { train: { transactions: number; cases: number }; test: { transactions: number; cases: number } }
  fused: {
    inSample: { files: number; of: number }
    area: AreaView
    curve: readonly CurvePoint[]
    perDay: number
    thresholds: { page: At; act: At }
    reliability: { prior: number; bins: readonly { from: number; to: number; said: number; came: Share }[] }
  }
  ablation: readonly {
    without: { kind: 'nothing' } | { kind: 'layer'; layer: string } | { kind: 'detector'; detector: string }
    recall: Share
    falsePositiveRate: Share
    paging: Rates
    area: AreaView
  }[]
  leadTime: {
    cases: readonly {
      id: string
      transactions: number
      alert: { transactionHash: string; by: string } | null
      when: string
      blocks: number | null
      seconds: number | null
      afterPaging: Share | null
    }[]
    inTime: Share
  }
  policies: readonly {
    policy: string
    acted: Share
    actedOnBenign: Share
    falsePauseHours: number
    averted: {
      usd: number
      ofUsd: number
      share: number
      cases: readonly { id: string; share: number; usd: number | null; remark: string }[]
    }
    cost: { doNothing: number; act: number; falsePauses: number }
  }[]
  strata: readonly StratumView[]
  blind: readonly { detector: string; missing: string; blocks: number }[]
  failed: readonly { file: string; code: string }[]
}
