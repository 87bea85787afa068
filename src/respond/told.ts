import { z } from 'zod'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Clock } from '../kit/clock.ts'
import type { Asset } from '../model/block.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { Evidence } from '../model/evidence.ts'
import { type AssetChange, assetChangeSchema, type Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import { tokenSchema } from '../model/token.ts'
import { lossesOf } from '../reports/figures.ts'
import type { Containment } from '../reports/record.ts'
import { findBroadcast } from '../store/broadcasts.ts'
import { listEvidence } from '../store/evidence.ts'
import { listPlans, listSimulations, listVerifications } from '../store/plans.ts'
import type { Store } from '../store/store.ts'
import { assetsNamed } from '../words/readable.ts'
import type { App } from './context.ts'
import { lexiconOf } from './lexicon.ts'

/** What the words of an incident are made with: kept with every page, so that a report without a node says the same. */
const wordsSchema = z.object({
  assets: z.array(tokenSchema),
  /** What losers had in the block before the attack. */
  stakes: z.array(assetChangeSchema),
  /** Signatures by selector. */
  functions: z.record(z.string(), z.string()),
})
export type Words = z.infer<typeof wordsSchema>

const NO_WORDS: Words = { assets: [], stakes: [], functions: {} }

const notificationSchema = z.object({ notification: z.object({ facts: z.object({ words: wordsSchema }) }) })
const proposalSchema = z.object({
  planId: z.string(),
  proposed: z.literal(true),
  reasons: z.array(z.string()),
})

/** The words that were kept last; none where nobody was told yet. */
export function wordsIn(links: readonly Evidence[]): Words {
  for (const { kind, body } of links.toReversed()) {
    const found = kind === 'notification' ? notificationSchema.safeParse(body) : undefined
    if (found?.success) return found.data.notification.facts.words
  }
  return NO_WORDS
}

/** Why plans were left to people, by plan: what was said last. */
export function proposalsIn(links: readonly Evidence[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    links.flatMap(({ kind, body }) => {
      const found = kind === 'plan' ? proposalSchema.safeParse(body) : undefined
      return found?.success ? [[found.data.planId, found.data.reasons] as const] : []
    }),
  )
}

/** Each plan of an incident with the newest that is on record about it. */
export async function containmentsOf(
  store: Store,
  plans: readonly ContainmentPlan[],
): Promise<Containment[]> {
  return Promise.all(
    plans.map(async (plan) => ({
      plan,
      simulation: (await listSimulations(store, plan.id)).at(-1) ?? null,
      broadcast: (await findBroadcast(store, plan.id)) ?? null,
      verification: (await listVerifications(store, plan.id)).at(-1) ?? null,
    })),
  )
}

export type Told = {
  incident: Incident
  findings: readonly Finding[]
}

/** All that a page needs of the record and of the chain. What the chain does not say in time is left out. */
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

/** Losers that are asked about, and how long, milliseconds: a page is not kept waiting for a share. */
const MOST_LOSERS = 20
const PATIENCE_MS = 1_500

/** What each loser had of what it lost, in the block before the first transaction that took it. */
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
    .slice(0, MOST_LOSERS)
  if (rpc === undefined || blocks.length === 0 || missing.length === 0) return [...known]
  const block = Math.max(0, Math.min(...blocks) - 1)
  return [...known, ...(await balancesAt({ rpc, clock: app.clock }, missing, block))]
}

/** What accounts have of assets at a block; what the node does not say in time is left out. */
export async function balancesAt(
  { rpc, clock }: { rpc: Rpc; clock: Clock },
  held: readonly { account: Address; asset: Asset }[],
  block: number,
): Promise<AssetChange[]> {
  const late = clock.sleep(PATIENCE_MS).then((): AssetChange[] => [])
  const asking = Promise.all(
    held.slice(0, MOST_LOSERS).map(async ({ account, asset }) => {
      const amount = await balanceOf(rpc, { account, asset, block }).catch(() => null)
      return amount === null ? [] : [{ account, asset, amount }]
    }),
  ).then((found) => found.flat())
  return Promise.race([asking, late])
}

const BALANCE_OF = '0x70a08231'

type Asking = { account: Address; asset: Asset; block: number }

async function balanceOf(rpc: Rpc, { account, asset, block }: Asking): Promise<bigint> {
  const tag = `0x${block.toString(16)}`
  if (asset === 'native') return BigInt(String(await rpc.request('eth_getBalance', [account, tag])))
  const data = `${BALANCE_OF}${account.slice(2).padStart(64, '0')}`
  return BigInt(String(await rpc.request('eth_call', [{ to: asset, data }, tag])))
}
