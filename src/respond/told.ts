import { balancesAt, MOST_BALANCES } from '../chain/rpc/balances.ts'
import type { Asset } from '../model/block.ts'
import type { AssetChange, Finding } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import { lossesOf } from '../reports/figures.ts'
import type { Containment } from '../reports/record.ts'
import { containmentsOf, proposalsIn, type Words, wordsIn } from '../reports/share/record-of.ts'
import { listEvidence } from '../store/evidence.ts'
import { listPlans } from '../store/plans.ts'
import { assetsNamed } from '../words/readable.ts'
import type { App } from './context.ts'
import { lexiconOf } from './lexicon.ts'

export type Told = {
  incident: Incident
  findings: readonly Finding[]
}

/**
 * Everything that a page needs from the record and from the chain. Data that the chain does not return in time is left
 * out.
 */
export async function toldOf(app: App, { incident, findings }: Told) {
  const [links, plans] = await Promise.all([
    listEvidence(app.store, incident.id),
    listPlans(app.store, incident.id),
  ])
  const containments = await containmentsOf(app.store, plans)
  const before = wordsIn(links)
  const stakes = await stakesOf(app, { incident, findings }, before.stakes)
  const lexicon = await lexiconOf(app, incident.chainId, assetsOf(findings, containments))
  const used = new Set(containments.flatMap(({ simulation }) => Object.keys(simulation?.opEffects ?? {})))
  const words: Words = {
    assets: [...lexicon.tokens.values()].filter((token) => assetsOf(findings, containments).has(token.asset)),
    stakes,
    functions: Object.fromEntries([...lexicon.functions].filter(([selector]) => used.has(selector))),
  }
  return { links, containments, lexicon, words, proposals: proposalsIn(links) }
}

function assetsOf(findings: readonly Finding[], containments: readonly Containment[]): Set<Asset> {
  return new Set([
    ...findings.flatMap(({ loss, profit, message, evidence }) => [
      ...[...loss, ...profit].map(({ asset }) => asset),
      ...[message, ...evidence.map(({ statement }) => statement)].flatMap(assetsNamed),
    ]),
    ...containments.flatMap(({ simulation }) => (simulation?.losses ?? []).map(({ asset }) => asset)),
  ])
}

/** Each loser's balance of the lost assets, in the block before the first transaction that took them. */
async function stakesOf(
  app: App,
  { incident, findings }: Told,
  known: readonly AssetChange[],
): Promise<AssetChange[]> {
  const rpc = app.chains.get(incident.chainId)?.rpc
  const blocks = findings.flatMap(({ pending, blockNumber }) => (pending ? [] : [blockNumber]))
  const losses = lossesOf({ findings, investigation: null }) as AssetChange[]
  const missing = losses
    .filter(({ account, asset }) => !known.some((one) => one.account === account && one.asset === asset))
    .slice(0, MOST_BALANCES)
  if (rpc === undefined || blocks.length === 0 || missing.length === 0) return [...known]
  const block = Math.max(0, Math.min(...blocks) - 1)
  return [...known, ...(await balancesAt({ rpc, clock: app.clock }, missing, block))]
}
