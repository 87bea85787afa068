import { z } from 'zod'
import { factsFromCalls } from '../../../facts/facts.ts'
import type { Transaction } from '../../../model/block.ts'
import type { Category } from '../../../model/category.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { Fact, TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { withWhom } from '../../lib/touched.ts'
import { economyOf } from './economy.ts'
import { type Evidence, evidenceOf, NO_EVIDENCE } from './evidence.ts'
import { featuresOf, signsOf } from './features.ts'
import { scoreOf, type Trees, treesSchema } from './trees.ts'

const options = z.strictObject({
  /** The learned score; a path in the configuration. Without it nothing is reported. */
  model: treesSchema.optional(),
  /** Score from which economic evidence alone pages. */
  page: z.number().min(0).max(1).default(0.7),
  /** Score from which it pages together with a finding of another detector at `medium` or above. */
  confirm: z.number().min(0).max(1).default(0.6),
})
type Options = z.infer<typeof options>

/**
 * The economics of a transaction, whatever its pattern: strangers that end much poorer, pools whose balances no longer fit
 * together, prices and balances that no transfer explains, the same call again and again. A learned score over such numbers
 * (docs/detectors/economics.md has its model card) says how much they resemble attacks. Evidence and score are both needed, and
 * as statistics they never act alone.
 */
export const economics: Detector<null, Options> = {
  id: 'economics',
  title: 'Strangers lose value in a way that resembles attacks',
  layer: 'baseline',
  needs: ['traces'],
  options,
  files: { model: { format: 'json', shipped: 'models/attack-score.json' } },
  init: () => null,
  stateVersion: 1,
  snapshot: () => null,
  evaluate: () => [],
  weigh: (input, { findings }, _state, options) => {
    const { model } = options
    if (model === undefined) return findings
    const said = worstBy(findings)
    const found = input.facts.transactions.flatMap((tx) => judge(tx, { input, options, model, said }))
    return found.length === 0 ? findings : [...findings, ...found]
  },
}

/** Fewer frames than this show too little to compare. */
const LEAST_FRAMES = 4
const PLAIN_FRAMES = 20

type Judging = { input: DetectorInput; options: Options; model: Trees; said: ReadonlySet<string> }

function judge(tx: TransactionFacts, { input, options, model, said }: Judging): Finding[] {
  const { transaction } = tx
  const { scope, facts } = input
  if (transaction.frames.length < LEAST_FRAMES) return []
  const { score, evidence } = judgementOf(tx, model)
  if (score < options.confirm) return []
  const isConfirmed = said.has(transaction.hash)
  const isPage = score >= options.page || isConfirmed
  const { victims } = evidence
  const finding = buildFinding(tx, facts.bundle, {
    detector: 'economics',
    severity: isPage ? 'high' : 'low',
    confidence: Math.min(0.95, score),
    categories: [categoryOf(evidence)],
    protected: [],
    victims: [...victims],
    actors: [...evidence.side],
    profit: changesOf(tx, evidence.side).profit,
    loss: changesOf(tx, victims).loss,
    evidence: evidence.statements.map((statement) => ({ statement, frames: [], amounts: [] })),
    message: `${evidence.statements[0]}. Such transactions resemble attacks (score ${score.toFixed(2)}${isConfirmed ? ', and another detector suspects it' : ''}).`,
  })
  return [withWhom(finding, tx, scope)]
}

type Judgement = { model: Trees; score: number; evidence: Evidence }

/** One judgement a transaction: it depends on nothing but the trace. */
const judgements = new WeakMap<Transaction, Judgement>()

function judgementOf({ transaction, facts }: TransactionFacts, model: Trees): Judgement {
  const known = judgements.get(transaction)
  if (known?.model === model) return known
  const made = isPlain(transaction, facts) ? null : judged(transaction, model)
  const judgement = made ?? { model, score: 0, evidence: NO_EVIDENCE }
  judgements.set(transaction, judgement)
  return judgement
}

/** Null without evidence: most transactions need no score. */
function judged(transaction: Transaction, model: Trees): Judgement | null {
  const economy = economyOf(factsFromCalls(transaction))
  const signs = signsOf(economy)
  const evidence = evidenceOf(economy, signs)
  if (evidence.statements.length === 0) return null
  return { model, score: scoreOf(model, featuresOf(economy, signs)), evidence }
}

/** One movement or none in few calls. */
function isPlain({ frames }: Transaction, facts: readonly Fact[]): boolean {
  if (frames.length >= PLAIN_FRAMES) return false
  let moves = 0
  for (const { kind } of facts) if (kind === 'transfer' || kind === 'discrepancy') moves++
  return moves < 2
}

/** Transactions that a detector suspects of more than that value leaves: a loss that is seen twice is one loss. */
function worstBy(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(
    findings.flatMap(({ transactionHash, severity, shadow, categories }) =>
      transactionHash !== null &&
      !shadow &&
      atLeast(severity, 'medium') &&
      categories.some((it) => it !== 'drain')
        ? [transactionHash]
        : [],
    ),
  )
}

function categoryOf({ kinds }: Evidence): Category {
  if (kinds.has('price')) return 'price-manipulation'
  if (kinds.has('reentry')) return 'reentrancy'
  if (kinds.has('mint')) return 'unbacked-mint'
  return 'drain'
}
