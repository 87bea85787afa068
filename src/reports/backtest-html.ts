import { areaText, backtestPlots } from './backtest-plots.ts'
import { shareText, strataRows } from './backtest-strata.ts'
import type { BacktestView, Share } from './backtest-view.ts'
import { html, page } from './html.ts'

/**
 * A backtest as one HTML page with plots, without scripts or external resources. Every share has its n and interval.
 */
export function backtestHtml(view: BacktestView): string {
  const { split, fused, failed, blind } = view
  const body = [
    '<h1>Backtest</h1>',
    `<p>${view.transactions} transactions, ${view.attacks} of them attacks (${view.cases} cases). ${split.train.transactions} transactions (${split.train.cases} cases) before them taught. Intervals are exact (Clopper–Pearson), 95 %. A rate that n cannot support is not shown.</p>`,
    fused.inSample.files === 0
      ? ''
      : `<p class="warn">In-sample: the calibration was made from ${fused.inSample.files} of these ${fused.inSample.of} files, so figures of the fused score and of P(attack) are too good.</p>`,
    ...failed.map(
      ({ file, code }) => `<p class="warn">Not counted: ${html(file)} could not be read (${html(code)}).</p>`,
    ),
    ...blind.map(
      (item) =>
        `<p class="warn">${html(item.detector)} could not see ${item.blocks} blocks: no ${html(item.missing)}.</p>`,
    ),
    operatingTable(view),
    strataTable(view),
    '<h2>Curves</h2>',
    ...backtestPlots(view),
    detectorTable(view),
    ablationTable(view),
    policyTable(view),
    caseTable(view),
    view.missed.length === 0
      ? '<p>No attack was missed.</p>'
      : `<h2>Missed</h2><ul>${view.missed.map((id) => `<li>${html(id)}</li>`).join('')}</ul>`,
    falseAlarmTable(view),
  ]
  return page('Cordon backtest', body.join('\n'))
}

type Cell = string | { number: string }

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (content: Cell): string =>
    typeof content === 'string' ? `<td>${content}</td>` : `<td class="n">${content.number}</td>`
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')
  return `<div class="wide"><table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${body}</table></div>`
}

const share = (item: Share): string => shareText(item, 'share')
const rare = (item: Share): string => shareText(item, 'rare')

function operatingTable(view: BacktestView): string {
  const { page: paging, act } = view.fused.thresholds
  const severities = (['medium', 'high', 'critical'] as const).map((floor) => ({
    name: `${floor} or above`,
    ...view.atSeverity[floor],
  }))
  const all = [
    ...severities,
    { name: `score to page, ${paging.score.toFixed(2)}`, ...paging },
    { name: `score to act, ${act.score.toFixed(2)}`, ...act },
  ]
  const rows = all.map((at) => [at.name, share(at.recall), share(at.precision), rare(at.falsePositiveRate)])
  return `${table(['alerts', 'recall', 'precision', 'false positive rate'], rows)}
<p>Area under the ROC curve: ${areaText(view.area)} by confidence, ${areaText(view.fused.area)} by the calibrated fused score. Right category first: ${share(view.rightCategory)}.</p>`
}

function strataTable(view: BacktestView): string {
  const head = [
    '',
    'recall, protected',
    'false positive rate, protected',
    'recall, nothing protected',
    'false positive rate, nothing protected',
  ]
  return `<h2>Apart</h2><p>Alerts at high or above: with your contracts protected, those that concern one of them; with nothing protected, all.</p>${table(head, strataRows(view))}`
}

function detectorTable(view: BacktestView): string {
  const rows = view.detectors.map((item): Cell[] => [
    html(item.detector),
    share(item.attacks),
    rare(item.benign),
    { number: String(item.onlyByIt) },
  ])
  return `<h2>By detector</h2>${table(['detector', 'attacks flagged', 'benign flagged', 'flagged by no other'], rows)}`
}

function ablationTable({ ablation }: BacktestView): string {
  const name = (without: BacktestView['ablation'][number]['without']): string => {
    if (without.kind === 'nothing') return 'nothing left out'
    return without.kind === 'layer'
      ? `without layer <b>${html(without.layer)}</b>`
      : `without ${html(without.detector)}`
  }
  const rows = ablation.map((item) => [
    name(item.without),
    share(item.recall),
    rare(item.falsePositiveRate),
    share(item.paging.recall),
    rare(item.paging.falsePositiveRate),
    areaText(item.area),
  ])
  const head = ['', 'recall', 'false positive rate', 'recall, paging', 'false pages', 'area, fused score']
  return `<h2>Ablation</h2><p>From the words already said; weights and thresholds as they are. At medium or above, and at the score to page.</p>${table(head, rows)}`
}

function policyTable({ policies }: BacktestView): string {
  const rows = policies.map((item): Cell[] => [
    html(item.policy),
    share(item.acted),
    rare(item.actedOnBenign),
    { number: String(item.falsePauseHours) },
    {
      number: `${percent(item.averted.share)}, $${money(item.averted.usd)} of $${money(item.averted.ofUsd)}`,
    },
    {
      number: `${item.cost.act.toFixed(3)} <small>(false pauses ${item.cost.falsePauses.toFixed(4)})</small>`,
    },
    { number: String(item.cost.doNothing) },
  ])
  const head = [
    'acting by',
    'cases',
    'benign',
    'hours of needless pause',
    'loss averted, at most',
    'cost of acting',
    'of doing nothing',
  ]
  return `<h2>Acting alone</h2><p>Costs are shares of the value at stake, one for each case. Loss averted is an upper bound: it assumes that the action works.</p>${table(head, rows)}`
}

function caseTable({ leadTime, policies }: BacktestView): string {
  const averted = new Map(
    policies.flatMap(({ averted }) => averted.cases).map((item) => [item.id, item] as const),
  )
  const rows = leadTime.cases.map((item): Cell[] => [
    html(item.id),
    html(item.when),
    { number: item.blocks === null ? '' : String(item.blocks) },
    { number: item.seconds === null ? '' : String(item.seconds) },
    item.alert === null ? '' : html(item.alert.by),
    item.afterPaging === null ? '' : `${item.afterPaging.successes} of ${item.afterPaging.n}`,
    html(averted.get(item.id)?.remark ?? ''),
  ])
  const head = [
    'case',
    'first alert',
    'lead, blocks',
    'lead, seconds',
    'by',
    'after paging',
    'loss averted (calibrated)',
  ]
  return `<h2>Lead time</h2><p>In time: ${share(leadTime.inTime)} of the cases. 0 blocks: with the harm itself; negative: late.</p>${table(head, rows)}`
}

function falseAlarmTable(view: BacktestView): string {
  if (view.falseAlarms.length === 0) return '<p>No benign transaction was flagged at medium or above.</p>'
  const shown = view.falseAlarms.slice(0, 200)
  const rows = shown.map((item) => [
    `<code>${html(item.transactionHash)}</code>`,
    html(item.severity),
    html(item.categories.join(', ')),
  ])
  const rest = view.falseAlarms.length - shown.length
  return `<h2>False alarms</h2>${table(['transaction', 'severity', 'categories'], rows)}${rest > 0 ? `<p>… and ${rest} more (--json has all).</p>` : ''}`
}

const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`
const money = (usd: number): string => String(Math.round(usd)).replace(/\B(?=(\d{3})+$)/g, ',')
