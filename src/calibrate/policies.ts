import type { Calibration } from '../model/calibration.ts'
import type { Label } from '../model/label.ts'
import { scoreOf } from './calibrate.ts'
import type { Judged, Judgement } from './judged.ts'
import { attackCases, attackersOf, isAttack, isSaid } from './judged.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'

/**
 * The loss of a case after the first alert that starts an action. Always an upper bound: it assumes that the action
 * works.
 */
export type AvertedCase = {
  id: string
  transactions: number
  /** Share of the loss, 0 to 1. */
  share: number
  /** Null where the label has no loss. */
  usd: number | null
  /** How the loss is distributed over transactions: as findings measured it, or evenly. */
  spread: 'measured' | 'even'
  remark: string
}

/** When a containment would start automatically, and what that would have cost and saved. */
export type Policy = {
  /** `severity`: high or above on a protected contract; `calibrated`: also a rule or invariant and the score to act. */
  policy: 'severity' | 'calibrated'
  /** Attack cases that it acts on, in time or not. */
  acted: Proportion
  /** Benign transactions on which it would have acted. */
  actedOnBenign: Proportion
  falsePauseHours: number
  averted: { usd: number; ofUsd: number; share: number; cases: AvertedCase[] }
  /**
   * In shares of the value at stake, where a case's own loss is its stake: doing nothing loses 1 per case; acting loses
   * the part that was not averted, and `pauseCostBps` per pause.
   */
  cost: { doNothing: number; act: number; falsePauses: number }
  /** Needless pauses cost less than the averted loss while less than this is at stake, USD; null: there were none. */
  breakEvenStakeUsd: number | null
}

export type PolicyOptions = {
  calibration: Calibration
  /** The assumed duration of a needless pause, hours. */
  pauseHours: number
  /** The cost of a pause, in basis points of the value at stake. */
  pauseCostBps: number
  /** Blocks from the head at which an alert is known to the block that contains the action. */
  actionBlocks: number
}

/** Compares acting by severity alone with acting by the calibration. */
export function policies(judgement: Judgement, options: PolicyOptions): Policy[] {
  const { calibration } = options
  const bySeverity = (row: Judged): boolean => isSaid(row, 'high') && (row.alert?.protected.length ?? 0) > 0
  const calibrated = (row: Judged): boolean =>
    bySeverity(row) &&
    row.words.some(({ layer }) => layer === 'pattern' || layer === 'invariant') &&
    scoreOf(calibration, row.words) >= calibration.thresholds.act.score
  return [
    policyOf('severity', bySeverity, { judgement, options }),
    policyOf('calibrated', calibrated, { judgement, options }),
  ]
}

type Acts = (row: Judged) => boolean

function policyOf(
  policy: Policy['policy'],
  acts: Acts,
  { judgement, options }: { judgement: Judgement; options: PolicyOptions },
): Policy {
  const test = judgement.rows.filter(({ train }) => !train)
  const benign = test.filter((row) => !isAttack(row))
  const needless = benign.filter(acts).length
  const acting = judgement.rows.filter((row) => row.label?.label !== 'benign' && acts(row))
  const judged = attackCases(test).map((item) => ({ item, ...avertedOf(item, acting, options) }))
  const ofUsd = judged.reduce((sum, { item }) => sum + (item.label.lossUsd ?? 0), 0)
  const usd = judged.reduce((sum, { averted }) => sum + (averted.usd ?? 0), 0)
  const share = judged.reduce((sum, { averted }) => sum + averted.share, 0)
  const pause = options.pauseCostBps / 10_000
  const actedOn = judged.filter(({ acted }) => acted).length
  return {
    policy,
    acted: clopperPearson({ successes: actedOn, n: judged.length }),
    actedOnBenign: clopperPearson({ successes: needless, n: benign.length + judgement.silent.test }),
    falsePauseHours: needless * options.pauseHours,
    averted: {
      usd,
      ofUsd,
      share: judged.length === 0 ? 0 : share / judged.length,
      cases: judged.map(({ averted }) => averted),
    },
    cost: {
      doNothing: judged.length,
      act: judged.length - share + (actedOn + needless) * pause,
      falsePauses: needless * pause,
    },
    breakEvenStakeUsd: needless === 0 || pause === 0 ? null : usd / (needless * pause),
  }
}

type Case = { label: Label; rows: readonly Judged[] }

/** The case's own transactions and earlier ones of the same attackers can start the action. */
function avertedOf(
  item: Case,
  acting: readonly Judged[],
  { actionBlocks }: PolicyOptions,
): { acted: boolean; averted: AvertedCase } {
  const { label, rows } = item
  const { spread, shares } = lossShares(rows)
  const attackers = attackersOf(item)
  const own = new Set(rows.map(({ transactionHash }) => transactionHash))
  const chains = new Set(rows.map(({ chainId }) => chainId))
  const first = acting
    .filter(
      (row) =>
        own.has(row.transactionHash) ||
        (row.label === null &&
          chains.has(row.chainId) &&
          row.alert?.actors.some((actor) => attackers.has(actor)) === true),
    )
    .map((row) => ({ row, ...actionIn(row, actionBlocks) }))
    .sort((a, b) => a.block - b.block || Number(b.races) - Number(a.races))[0]
  const isAverted = ({ blockNumber, transactionHash }: Judged): boolean =>
    first !== undefined &&
    (blockNumber > first.block ||
      (first.races && transactionHash === first.row.transactionHash && blockNumber >= first.block))
  const share = rows.reduce((sum, row, i) => sum + (isAverted(row) ? (shares[i] ?? 0) : 0), 0)
  const averted: AvertedCase = {
    id: label.id,
    transactions: rows.length,
    share,
    usd: label.lossUsd === null ? null : label.lossUsd * share,
    spread,
    remark: remarkOf({ transactions: rows.length, share, races: first?.races === true }),
  }
  return { acted: first !== undefined, averted }
}

/**
 * The block that contains the action. A pending transaction is seen at the head before its block, so with one block of
 * delay the action races it in the same block; a mined one has already taken effect.
 */
function actionIn({ pending, blockNumber }: Judged, actionBlocks: number): { block: number; races: boolean } {
  return pending === null
    ? { block: blockNumber + actionBlocks, races: false }
    : { block: pending.blockNumber - 1 + actionBlocks, races: true }
}

function remarkOf(given: { transactions: number; share: number; races: boolean }): string {
  const { transactions, share, races } = given
  if (share === 0)
    return transactions === 1
      ? 'one transaction, said once it was mined: nothing averted'
      : 'nothing averted: no acting alert, or the loss was over by then'
  return races
    ? 'upper bound: the action is taken to win the race against the pending transaction, and to work'
    : 'upper bound: the action is taken to work, and the attacker to have no other way'
}

/** Each transaction's share of the case's loss: by measured amounts where every loss is in one asset, else evenly. */
function lossShares(rows: readonly Judged[]): { spread: AvertedCase['spread']; shares: number[] } {
  const assets = new Set(rows.flatMap(({ losses }) => Object.keys(losses)))
  const [asset] = assets
  const measured = rows.every(({ losses }) => Object.keys(losses).length > 0)
  const even = { spread: 'even' as const, shares: rows.map(() => 1 / rows.length) }
  if (assets.size !== 1 || asset === undefined || !measured) return even
  const amounts = rows.map(({ losses }) => BigInt(losses[asset] ?? '0'))
  const total = amounts.reduce((sum, amount) => sum + amount, 0n)
  if (total === 0n) return even
  return {
    spread: 'measured',
    shares: amounts.map((amount) => Number((amount * 1_000_000n) / total) / 1_000_000),
  }
}
