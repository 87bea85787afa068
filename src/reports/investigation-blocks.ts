import { losersIn } from '../model/investigation.ts'
import { centsOf, usdText } from '../model/usd.ts'
import type { Block, Line, ListItem } from './document.ts'
import { code, heading, joined, list, paragraph, strong, table, text } from './document.ts'
import { evidenceLine } from './evidence-line.ts'
import { fundFlowSvg } from './fund-flow-svg.ts'
import type { Names } from './parts.ts'
import { type Assets, account, amountOf, asset, dollars, hex, percent, prose } from './parts.ts'
import type { PrintedInvestigation } from './record.ts'

const MOST_STEPS = 60
const MOST_CALLS = 80
const MOST_TREES = 4
const MOST_MOVEMENTS = 60
const MOST_EVIDENCE = 12
const MOST_ACCOUNTS = 60

/** The causes: each hypothesis with its evidence, the likeliest first. */
export function causeBlocks({ rootCause, divergence }: PrintedInvestigation, names: Names): Block[] {
  const title = heading(2, 'Root cause')
  const { file, line } = rootCause
  if (rootCause.hypotheses.length === 0) return [title, paragraph(text('No rule names a cause.'))]
  return [
    title,
    paragraph(text('Most likely first. The percentage says how sure the rule is; it is not a probability.')),
    { kind: 'list', items: rootCause.hypotheses.map((hypothesis) => why(hypothesis, names)) },
    ...(divergence === null
      ? []
      : [
          paragraph(
            text(`First departure from what history allows: frame ${divergence.frame}, `),
            ...prose(divergence.statement, names),
          ),
        ]),
    ...(file === null ? [] : [paragraph(text('In the source: '), code(`${file}:${line}`), text('.'))]),
  ]
}

type Hypothesis = PrintedInvestigation['rootCause']['hypotheses'][number]

function why(hypothesis: Hypothesis, names: Names): ListItem {
  const { category, contract, function: name, statement, confidence, weakness, evidence } = hypothesis
  const place: Line = contract === null ? [] : [text(' in '), ...account(contract, names)]
  const where: Line = name === null ? [] : [text(', '), code(name)]
  const listed = weakness === null ? '' : ` (${weakness.id} ${weakness.title})`
  const sure = confidence === 0 ? '' : `${percent(confidence)} `
  return {
    line: [strong(`${sure}${category}`), text(listed), ...place, ...where, ...prose(`: ${statement}`, names)],
    items: [
      ...evidence
        .slice(0, MOST_EVIDENCE)
        .map(
          (item): Line => [
            ...evidenceLine(statement, item, names),
            ...(item.transactionHash === null ? [] : [text(', '), ...hex(item.transactionHash)]),
          ],
        ),
      ...more(evidence.length, MOST_EVIDENCE, 'pieces of evidence'),
    ],
  }
}

function more(count: number, most: number, what: string): Line[] {
  return count > most ? [[text(`… and ${count - most} more ${what}`)]] : []
}

/** The reruns on a fork with one step changed, and whether the profit remained; if there are any. */
export function counterfactualBlocks({ counterfactuals = [] }: PrintedInvestigation): Block[] {
  if (counterfactuals.length === 0) return []
  return [
    heading(3, 'Run again with one thing changed'),
    list(
      counterfactuals
        .slice(0, MOST_EVIDENCE)
        .map(({ alteration, statement, outcome, legitimate: { passed, of } }) => [
          strong(outcome.replace('-', ' ')),
          text(
            `, ${alteration}: ${statement}${of === 0 ? '' : `; ${passed} of ${of} ordinary transactions pass`}`,
          ),
        ]),
    ),
  ]
}

/** The losses by account, in tokens, and in dollars if prices are known. */
export function lossBlocks(found: PrintedInvestigation, names: Names): Block[] {
  const title = heading(2, 'Impact')
  const losers = losersIn(found.victims)
  if (losers.length === 0) return [title, paragraph(text('Nobody lost anything, as far as was recorded.'))]
  const losses = found.victims.flatMap(({ address, loss }) => loss.map((one) => ({ address, ...one })))
  const rows = losses
    .slice(0, MOST_ACCOUNTS)
    .map(({ address, asset: id, tokenId, amount, usd }) => [
      account(address, names),
      asset(id, tokenId, names),
      amountOf(id, amount, found.assets),
      dollars(usd),
    ])
  return [
    title,
    lossInWords(
      losers.length,
      losses.map(({ usd }) => usd),
    ),
    table(['who lost**', 'asset**', '>amount', '>US dollars'], rows),
    ...list1(more(losses.length, MOST_ACCOUNTS, 'losses')),
    ...list1(
      found.victims
        .filter(({ coinUnknown }) => coinUnknown === true)
        .map(({ address }) => [
          ...account(address, names),
          text(' ended itself; how much of the coin it had was not recorded, and is lost besides.'),
        ]),
    ),
    ...list1(found.lossByClass.map((one) => classLine(one, found.assets, names))),
    ...list1(pricesOf(found, names)),
  ]
}

type LossByClass = PrintedInvestigation['lossByClass'][number]

function classLine({ class: name, accounts: count, loss }: LossByClass, assets: Assets, names: Names): Line {
  const first = loss
    .slice(0, 4)
    .map(
      (one): Line => [
        ...amountOf(one.asset, one.amount, assets),
        text(' '),
        ...asset(one.asset, null, names),
      ],
    )
  const rest = loss.length > 4 ? ` and ${loss.length - 4} other assets` : ''
  return [
    strong(name.replaceAll('-', ' ')),
    text(`: ${count} ${count === 1 ? 'account' : 'accounts'} lost `),
    ...joined(first),
    text(rest),
  ]
}

function lossInWords(accounts: number, amounts: readonly (string | undefined)[]): Block {
  const priced = amounts.flatMap((usd) => (usd === undefined ? [] : [centsOf(usd)]))
  const unpriced = amounts.length - priced.length
  const total = dollars(usdText(priced.reduce((sum, amount) => sum + amount, 0n)))
  const also =
    priced.length > 0 && unpriced > 0
      ? `, and ${unpriced} ${unpriced === 1 ? 'amount' : 'amounts'} without a price`
      : ''
  return paragraph(
    text(`${accounts} ${accounts === 1 ? 'account' : 'accounts'} lost `),
    ...(priced.length === 0
      ? [text('assets whose price is not known')]
      : total.map((part) => strong(`${part.text} US dollars`))),
    text(`${also}. Amounts are in whole tokens where their decimals are known; gas is not counted.`),
  )
}

function pricesOf({ prices }: PrintedInvestigation, names: Names): Line[] {
  return prices
    .slice(0, 20)
    .map(({ asset: id, source }) => [text('Price of '), ...asset(id, null, names), text(`: ${source}`)])
}

function list1(items: Line[]): Block[] {
  return items.length === 0 ? [] : [list(items)]
}

/** The actors, as far as addresses show. */
export function actorBlocks(
  { actors, attackers, profits, assets }: PrintedInvestigation,
  names: Names,
): Block[] {
  const rows = actors
    .filter(({ role }) => role !== 'unknown')
    .slice(0, MOST_ACCOUNTS)
    .map(({ address, kind, role, confidence, reasons }) => [
      account(address, names),
      [text(`${role}, ${kind}`)],
      [text(percent(confidence))],
      [text(reasons.slice(0, 5).join('; '))],
    ])
  const known = [...attackers.accounts, ...attackers.contracts]
  return [
    heading(2, 'By whom'),
    paragraph(
      ...(known.length === 0
        ? [text('Nobody is named as the attacker.')]
        : [text('Attacker: '), ...joined(known.map((address) => account(address, names))), text('.')]),
      text(' Accounts, not people.'),
    ),
    ...(rows.length === 0 ? [] : [table(['account**', 'role', '>sure', 'why***'], rows)]),
    ...list1(profits.slice(0, MOST_EVIDENCE).map((one) => profitLine(one, assets, names))),
  ]
}

type ProfitOfGroup = PrintedInvestigation['profits'][number]

/** The net change of the accounts that act together. */
function profitLine({ cluster, members, change }: ProfitOfGroup, assets: Assets, names: Names): Line {
  const others = members.length < 2 ? '' : ` and ${members.length - 1} more together`
  const amounts = change.slice(0, 6).map((one): Line => {
    const usd = one.usd === undefined ? [] : [text(' ('), ...dollars(one.usd), text(' US dollars)')]
    return [
      ...amountOf(one.asset, one.amount, assets),
      text(' '),
      ...asset(one.asset, one.tokenId, names),
      ...usd,
    ]
  })
  const gained = amounts.length === 0 ? [text('nothing')] : joined(amounts)
  return [...account(cluster, names), text(`${others} gained, gas not counted: `), ...gained]
}

/** The attacker's steps, in plain words. */
export function stepBlocks({ steps }: PrintedInvestigation, names: Names): Block[] {
  if (steps.length === 0) return []
  const shown = steps.slice(0, MOST_STEPS)
  return [
    heading(2, 'What was done, step by step'),
    table(
      ['>frame', 'step*'],
      shown.map(({ frame, text: said }) => [[text(frame < 0 ? '–' : String(frame))], prose(said, names)]),
    ),
    ...list1(more(steps.length, MOST_STEPS, 'steps')),
  ]
}

/** The location of the funds, as a picture and as a table. */
export function flowBlocks({ fundFlow, assets }: PrintedInvestigation, names: Names): Block[] {
  const title = heading(2, 'Where the funds are')
  if (fundFlow.edges.length === 0)
    return [title, paragraph(text('Nothing that was stolen moved on, as far as was looked at.'))]
  const { chainId, fromBlock, toBlock, edges, nodes } = fundFlow
  const lines = [...together(edges).values()]
  const rows = lines
    .slice(0, MOST_MOVEMENTS)
    .map(({ edge, count, haircut, fifo }) => [
      account(edge.from, names),
      account(edge.to, names),
      [text(`${edge.kind}${count > 1 ? ` (${count})` : ''} of `), ...asset(edge.asset, edge.tokenId, names)],
      both(edge.asset, { haircut, fifo }, assets),
    ])
  const held = nodes.filter((node) => node.held.length > 0 && node.kind !== 'victim').slice(0, 20)
  return [
    title,
    ...(held.length === 0
      ? []
      : [
          list(
            held.map(({ id, kind, held: holds }) => [
              ...account(id, names),
              text(` (${kind}) holds `),
              ...joined(
                holds
                  .slice(0, 4)
                  .map((one) => [
                    ...amountOf(one.asset, one.amount, assets),
                    text(' of '),
                    ...asset(one.asset, one.tokenId, names),
                  ]),
              ),
              text(holds.length > 4 ? ` and ${holds.length - 4} more assets` : ''),
            ]),
          ),
        ]),
    {
      kind: 'figure',
      svg: fundFlowSvg(fundFlow, assets),
      caption: `Fund flow on chain ${chainId}, blocks ${fromBlock} to ${toBlock}: stolen amounts by haircut; if FIFO differs, it follows after the slash${lines.length > MOST_MOVEMENTS ? `; the table has the first ${MOST_MOVEMENTS} of ${lines.length} lines` : ''}`,
      alternative: table(['from**', 'to**', 'what**', '>stolen'], rows),
    },
  ]
}

function both(id: string, { haircut, fifo }: { haircut: bigint; fifo: bigint }, assets: Assets): Line {
  const one = amountOf(id, haircut, assets)
  return haircut === fifo ? one : [...one, text(' / '), ...amountOf(id, fifo, assets)]
}

type Edge = PrintedInvestigation['fundFlow']['edges'][number]
type Movement = { edge: Edge; count: number; haircut: bigint; fifo: bigint }

/** All movements of one asset between two accounts merged into one, as in the picture. */
function together(edges: readonly Edge[]): Map<string, Movement> {
  const lines = new Map<string, Movement>()
  for (const edge of edges) {
    const key = [edge.from, edge.to, edge.asset, edge.tokenId, edge.kind].join(' ')
    const known = lines.get(key)
    lines.set(key, {
      edge,
      count: (known?.count ?? 0) + 1,
      haircut: (known?.haircut ?? 0n) + edge.tainted,
      fifo: (known?.fifo ?? 0n) + edge.taintedFifo,
    })
  }
  return lines
}

/** The call tree of the attack, bounded. */
export function treeBlocks({ transactions }: PrintedInvestigation): Block[] {
  const shown = transactions.filter(({ tree }) => tree.length > 0).slice(0, MOST_TREES)
  if (shown.length === 0) return []
  const left = transactions.length - shown.length
  return [
    heading(2, 'Calls of the attack'),
    ...shown.flatMap(({ hash, blockNumber, tree, frames, failure }): Block[] => [
      paragraph(
        ...hex(hash),
        text(
          `, block ${blockNumber}, ${frames} frames${failure === undefined ? '' : `; failed in frame ${failure.frame}: ${failure.reason}`}`,
        ),
      ),
      {
        kind: 'code',
        lines: [
          ...tree.slice(0, MOST_CALLS),
          ...(tree.length > MOST_CALLS ? [`… ${tree.length - MOST_CALLS} more lines`] : []),
        ],
      },
    ]),
    ...(left > 0 ? [paragraph(text(`${left} more transactions are in the investigation.`))] : []),
  ]
}

/** Unexplained observations: never hidden. */
export function unexplainedBlocks({ unexplained }: PrintedInvestigation): Block[] {
  if (unexplained.length === 0) return []
  return [heading(2, 'What is not explained'), list(unexplained.slice(0, 40).map((said) => [text(said)]))]
}
