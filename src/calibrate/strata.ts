import { isOf } from './calibrated-kinds.ts'
import type { Judged, Judgement, Kind } from './judged.ts'
import { isAttack, isSaid } from './judged.ts'
import { clopperPearson, type Proportion } from './statistics.ts'

/** A part of the transactions, with rates of its own. */
export type StratumOf =
  | { kind: 'all' }
  | { kind: 'size'; size: Kind['size'] }
  /** Recognised as an arbitrage, part of a sandwich or a liquidation. */
  | { kind: 'mev' }
  | { kind: 'chain'; chainId: number }
  /** Files that the calibration was not made from; that it was made from; and what came before the end of training. */
  | { kind: 'split'; split: 'held-out' | 'in-sample' | 'taught' }

export type Rates = { recall: Proportion; falsePositiveRate: Proportion }

/**
 * Alerts at `high` or above. `protected`: with the contracts protected, those that concern one of them, so that they open an
 * incident. `open`: with nothing protected, all of them. Null where the backtest did not run that way.
 */
export type Stratum = { of: StratumOf; protected: Rates | null; open: Rates | null }

export type StrataOptions = {
  protected: Judgement | null
  open: Judgement | null
  /** Names of the files that the calibration was made from. */
  calibrated: readonly string[]
}

/** The properties that decide the stratum of a transaction. */
type Place = Kind & { file: string; chainId: number; train: boolean }
/** Transactions with the same place and the same result. */
type Counted = Place & { attack: boolean; flagged: boolean; count: number }

/**
 * Recall and false positives apart for simple and complex transactions, recognised MEV, each chain, and the parts that the
 * calibration and the detectors did and did not know. Strata without a transaction are left out.
 */
export function strata({ protected: own, open, calibrated }: StrataOptions): Stratum[] {
  const counted = {
    protected: own === null ? null : countedIn(own, ({ alert }) => (alert?.protected.length ?? 0) > 0),
    open: open === null ? null : countedIn(open, () => true),
  }
  const some = counted.protected ?? counted.open ?? []
  const known = new Set(calibrated)
  return strataIn(some).flatMap((of) => {
    const isIn = (item: Place): boolean => isMember(item, of, known)
    if (!some.some(isIn)) return []
    return [{ of, protected: ratesOf(counted.protected, isIn), open: ratesOf(counted.open, isIn) }]
  })
}

function countedIn({ rows, silentKinds }: Judgement, isCounted: (row: Judged) => boolean): Counted[] {
  return [
    ...rows.map((row) => ({
      ...row,
      attack: isAttack(row),
      flagged: isSaid(row, 'high') && isCounted(row),
      count: 1,
    })),
    ...silentKinds.map((item) => ({ ...item, attack: false, flagged: false })),
  ]
}

function strataIn(items: readonly Place[]): StratumOf[] {
  const chains = [...new Set(items.map(({ chainId }) => chainId))].sort((a, b) => a - b)
  return [
    { kind: 'all' },
    { kind: 'size', size: 'simple' },
    { kind: 'size', size: 'complex' },
    { kind: 'mev' },
    ...chains.map((chainId) => ({ kind: 'chain' as const, chainId })),
    { kind: 'split', split: 'held-out' },
    { kind: 'split', split: 'in-sample' },
    { kind: 'split', split: 'taught' },
  ]
}

function isMember(item: Place, of: StratumOf, calibrated: ReadonlySet<string>): boolean {
  if (of.kind === 'split' && of.split === 'taught') return item.train
  if (item.train) return false
  switch (of.kind) {
    case 'all':
      return true
    case 'split':
      return calibrated.has(item.file) === (of.split === 'in-sample')
    default:
      return isOf(item, of)
  }
}

function ratesOf(items: readonly Counted[] | null, isIn: (item: Place) => boolean): Rates | null {
  if (items === null) return null
  const rate = (attack: boolean): Proportion => {
    let [successes, n] = [0, 0]
    for (const item of items) {
      if (item.attack !== attack || !isIn(item)) continue
      n += item.count
      if (item.flagged) successes += item.count
    }
    return clopperPearson({ successes, n })
  }
  return { recall: rate(true), falsePositiveRate: rate(false) }
}
