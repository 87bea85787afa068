import { isStatable, type RateUse, tooFewText } from '../model/statable.ts'
import type { BacktestView, Share, StratumView } from './backtest-view.ts'

/** The strata of a backtest as rows of cells: recall and false positives, protected and open. */
export function strataRows({ strata }: BacktestView): string[][] {
  return strata.map(({ of, protected: own, open }) => [
    stratumName(of),
    ...[own, open].flatMap((rates) =>
      rates === null
        ? ['not run', 'not run']
        : [shareText(rates.recall, 'share'), shareText(rates.falsePositiveRate, 'rare')],
    ),
  ])
}

/** A rate with its count and interval as HTML, or that n is too few to say. */
export function shareText(share: Share, use: RateUse): string {
  if (!isStatable(share, use)) return tooFewText(share)
  const { successes, n, low, high } = share
  return `${successes} of ${n} <small>${(low * 100).toFixed(2)} to ${(high * 100).toFixed(2)} %</small>`
}

/** The name of a stratum for people. */
export function stratumName(of: StratumView['of']): string {
  switch (of.kind) {
    case 'all':
      return 'all'
    case 'size':
      return of.size === 'simple' ? 'simple: fewer than 20 frames' : 'complex: 20 frames or more'
    case 'mev':
      return 'recognised arbitrage, sandwich or liquidation'
    case 'chain':
      return `chain ${of.chainId}`
    case 'split':
      return SPLITS[of.split]
  }
}

const SPLITS = {
  'held-out': 'held out: files that the calibration does not know',
  'in-sample': 'in-sample: files that the calibration was made from',
  taught: 'before --train-before, while detectors learned',
} as const
