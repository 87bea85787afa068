import { readFrozen } from '../../chain/frozen.ts'
import { toHex } from '../../chain/methods/block-tag.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { storageWords } from '../../chain/rpc/storage.ts'
import type { Alteration } from '../../forensics/counterfactual/alteration.ts'
import { alterationsOf } from '../../forensics/counterfactual/find.ts'
import { weighed } from '../../forensics/counterfactual/weigh.ts'
import { rootCauseOf } from '../../forensics/investigate.ts'
import { remediationFor } from '../../forensics/remediation.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Counterfactual } from '../../model/counterfactual.ts'
import { type Hash, hashSchema } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { isProfit, type Regression } from '../../model/regression.ts'
import { isUrl } from '../gather/source.ts'
import { hashOf, type InvestigateTransactionOptions, investigateTransactions } from '../investigate.ts'
import { openRegression } from '../regress/node.ts'
import { freezeFound, readRegression } from '../regress/regress.ts'
import { attackOf } from './attack.ts'
import { failureOf } from './failure.ts'
import { type Laboratory, totalProfit, tryAlteration } from './try.ts'

export type WhatIfOptions = InvestigateTransactionOptions & {
  /** Ordinary transactions, which a sound alteration leaves alone; with a frozen file they are in it. */
  legitimate: readonly string[]
  /** At most so many alterations, 24 by default. */
  most?: number
  /** No alteration begins after so long, milliseconds; two minutes by default. */
  withinMs?: number
}

const MOST = 24
const WITHIN_MS = 120_000

/**
 * An investigation, and what would have been left of the profit with one thing altered at a time. The source is a node
 * (with `debug_traceTransaction`), or a file that was frozen from one (`--freeze`, `cordon regress freeze`), which needs none. Throws what freezing, reading and
 * investigating throw, and `chain.AnvilMissing`.
 */
export async function investigateWhatIf(options: WhatIfOptions): Promise<Investigation> {
  const { source, legitimate } = options
  const isFrozen = isUrl(source) || (await readFrozen(source).catch(() => null)) !== null
  const known = isFrozen ? await investigateTransactions(options) : null
  const regression =
    known === null
      ? await readRegression(source)
      : await freezeFound(known, { source, legitimate: legitimate.map(hashOf) })
  const node = await openRegression(regression)
  try {
    const recorded = await node.run({ code: new Map(), watch: 'written' })
    const attacks = recorded.filter(({ frozen }) => frozen.is === 'attack')
    const blocks = recorded.flatMap(({ seen }) => (seen === null ? [] : [seen.facts]))
    const found =
      known ??
      (await investigateTransactions({
        ...options,
        hashes: attacks.map(({ frozen }) => frozen.hash),
        blocks,
      }))
    const lookUp = isUrl(source) ? lookUpAt(source, regression) : null
    const lab: Laboratory = { node, regression, recorded, controls: new Map(), lookUp }
    return withAnswers(found, await askAll(lab, found, options))
  } finally {
    await node.close()
  }
}

/** Storage as it was after the block before the attack’s first. */
function lookUpAt(url: string, { transactions }: Regression): Laboratory['lookUp'] {
  const first = transactions.find(({ is }) => is === 'attack')
  const block = toHex((first?.blockNumber ?? 1) - 1)
  return async (slots) => {
    const rpc = createRpc({ urls: [url] })
    try {
      return await Promise.all(
        slots.map(async ({ address, slot }) => {
          const [value] = await storageWords(rpc, { address, slots: [slot], block })
          return { address, slot, value: hashSchema.parse(value) }
        }),
      )
    } finally {
      await rpc.close()
    }
  }
}

type Answers = { counterfactuals: Counterfactual[]; unexplained: string[] }

async function askAll(lab: Laboratory, found: Investigation, options: WhatIfOptions): Promise<Answers> {
  const { most = MOST, withinMs = WITHIN_MS } = options
  if (!isProfit(totalProfit(lab.recorded, lab.regression)))
    return {
      counterfactuals: [],
      unexplained: [`what if: run again as it was, the attack does not pay here: ${whyNot(lab)}`],
    }
  const alterations = alterationsOf(attackOf(lab, found), most)
  const deadline = systemClock.now() + withinMs
  const counterfactuals: Counterfactual[] = []
  const late: Alteration[] = []
  for (const alteration of alterations) {
    if (systemClock.now() > deadline) {
      late.push(alteration)
      continue
    }
    const answer = await tryAlteration(lab, alteration)
    if (answer !== null) counterfactuals.push(answer)
  }
  const unexplained =
    late.length === 0 ? [] : [`what if: ${late.length} alterations were not tried, time was up`]
  return { counterfactuals, unexplained }
}

/** Why a run of the attack as it was pays nothing. */
function whyNot({ recorded, regression }: Laboratory): string {
  const failure = failureOf(recorded)
  if (failure !== null) return failure
  if (regression.gains.length === 0 && (regression.losses ?? []).length === 0)
    return 'nothing that its accounts gained or its victims lost can be measured'
  const { givenMore } = totalProfit(recorded, regression)
  const price = givenMore.map(({ asset, amount }) => `${amount} of ${asset}`).join(', ')
  return price === ''
    ? 'its transactions go through and gain nothing of what they gained then'
    : `its transactions go through and give ${price} more than then`
}

function withAnswers(found: Investigation, { counterfactuals, unexplained }: Answers): Investigation {
  const hypotheses = weighed(found.rootCause.hypotheses, counterfactuals)
  const hashes: Hash[] = found.transactions.map(({ hash }) => hash)
  const { category, contract, function: name, file, line } = found.rootCause
  const cause = rootCauseOf(hypotheses)
  const isSame = cause.category === category && cause.contract === contract
  return {
    ...found,
    rootCause: isSame ? { ...cause, function: name, file, line } : cause,
    remediation: remediationFor(hypotheses, hashes),
    counterfactuals,
    unexplained: [...found.unexplained, ...unexplained],
  }
}
