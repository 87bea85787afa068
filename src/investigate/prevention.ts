import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { clopperPearson } from '../calibrate/statistics.ts'
import { readBundles } from '../chain/bundle/read.ts'
import { createEngine, evaluateSettled } from '../detect/engine/engine.ts'
import type { CompiledRule } from '../detect/rules/compile.ts'
import { parseRule } from '../detect/rules/parse.ts'
import { rules } from '../detect/rules/rules.ts'
import { blockFacts } from '../facts/facts.ts'
import type { Suspect } from '../forensics/investigate.ts'
import { type Candidate, candidatesOf } from '../forensics/prevention/candidates.ts'
import { type Draft, draftOf } from '../forensics/prevention/draft.ts'
import { measure, nothingSeen, type Seen, see } from '../forensics/prevention/measure.ts'
import { CordonError } from '../kit/error.ts'
import { inert } from '../kit/text.ts'
import type { BlockBundle } from '../model/block.ts'
import type { BlockFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { Proposal } from '../model/proposal.ts'
import { functionNames } from '../names/function-names.ts'

export type ProposeOptions = {
  found: Investigation
  suspects: readonly Suspect[]
  /** Bundle files with the protocol’s past; blocks from the attack on are left out. */
  history: readonly string[]
  /** Folder for the rule files; none are written when left out. */
  folder?: string | undefined
  /** The bundle file that holds the attack: it becomes the rule’s test. */
  attack?: string | undefined
}

/** Maximum number of proposals, the quietest first, and of proposals of one kind, which fail together. */
const MOST = 6
const MOST_OF_A_KIND = 2
/** With fewer past transactions than this nothing is worth proposing: any bound would be a guess. */
const LEAST_HISTORY = 20

/**
 * Rules that would have reported the attack. Bounds come from the first half of the history; false alarms are counted
 * in the second half, from which nothing was learned. Throws `app.HistoryTooShort`, and the errors of reading.
 */
export async function proposeRules(options: ProposeOptions): Promise<Proposal[]> {
  const { found, suspects } = options
  const past = before(options)
  let transactions = 0
  for await (const bundle of past()) transactions += bundle.transactions.length
  if (transactions < LEAST_HISTORY) throw tooShort(transactions)
  const learned = Math.floor(transactions / 2)
  const victims = [found.rootCause.contract, ...found.victims.map(({ address }) => address)]
  const candidates = candidatesOf({
    transactions: suspects.map(({ tx }) => tx),
    attackers: new Set([...found.attackers.accounts, ...found.attackers.contracts]),
    victims: victims.filter((victim) => victim !== null),
  })
  const seen = await seenIn(past(), candidates, learned)
  const drafts = draftsOf(candidates, seen, options)
  const compiled = drafts.map(({ draft }) => parseRule(ruleText(draft, found), `${draft.id}.yaml`))
  const flagged = await flaggedIn(past(), compiled, learned)
  const caught = attackFlags(suspects, compiled)
  const judged = transactions - learned
  const quietest = drafts
    .map(({ candidate, draft, concerned }): Proposal => {
      const falseAlarms = flagged.get(draft.id) ?? 0
      return {
        id: draft.id,
        title: draft.title,
        bounds: candidate.bounds,
        rule: ruleText(draft, found, testsOf(options, caught.get(draft.id) ?? [])),
        file: options.folder === undefined ? null : join(options.folder, `${draft.id}.yaml`),
        flags: caught.get(draft.id) ?? [],
        history: {
          transactions,
          concerned,
          judged,
          falseAlarms,
          mostLikelyBelow: below(falseAlarms, judged),
        },
      }
    })
    .filter(({ flags }) => flags.length > 0)
    .sort((a, b) => weight(a) - weight(b))
  const proposals = quietest
    .filter(
      (one, i) => quietest.slice(0, i).filter(({ bounds }) => bounds === one.bounds).length < MOST_OF_A_KIND,
    )
    .slice(0, MOST)
  await writeAll(proposals, options.folder)
  return proposals
}

/** False alarms first; among equals the one that the past covers best. */
function weight({ history: { falseAlarms, concerned } }: Proposal): number {
  return falseAlarms - concerned / (concerned + 1)
}

function below(falseAlarms: number, judged: number): number {
  return clopperPearson({ successes: falseAlarms, n: judged, confidence: 0.9 }).high
}

/** The history again from its beginning, without blocks from the attack on or of another chain. */
function before({ found, suspects, history }: ProposeOptions): () => AsyncGenerator<BlockBundle> {
  const first = Math.min(...suspects.map(({ facts }) => facts.bundle.number))
  return async function* past() {
    for (const file of history)
      for await (const bundle of readBundles(file))
        if (bundle.chainId === found.chainId && bundle.number < first && !bundle.pending) yield bundle
  }
}

async function seenIn(
  past: AsyncIterable<BlockBundle>,
  candidates: readonly Candidate[],
  most: number,
): Promise<Seen[]> {
  const seen = candidates.map(nothingSeen)
  let count = 0
  for await (const bundle of past)
    for (const tx of blockFacts(bundle).transactions) {
      if (count++ >= most) return seen
      candidates.forEach((candidate, i) => {
        const so = seen[i]
        if (so !== undefined) see(so, measure(candidate, tx))
      })
    }
  return seen
}

type Drafted = { candidate: Candidate; draft: Draft; concerned: number }

function draftsOf(
  candidates: readonly Candidate[],
  seen: readonly Seen[],
  { found, suspects }: ProposeOptions,
): Drafted[] {
  const symbols = new Map(
    found.assets.flatMap(({ asset, symbol, vouched }) => (vouched ? [[asset, symbol]] : [])) as [
      string,
      string,
    ][],
  )
  const nameOf = (text: string): string =>
    inert(symbols.get(text) ?? functionNames.get(text as `0x${string}`) ?? shortened(text), 48).replace(
      /[{}]/g,
      '',
    )
  const drafts = new Map<string, Drafted>()
  candidates.forEach((candidate, i) => {
    const past = seen[i] ?? nothingSeen()
    const attack = nothingSeen()
    for (const { tx } of suspects) see(attack, measure(candidate, tx))
    const draft = draftOf(candidate, { past, attack, nameOf })
    if (draft !== null && !drafts.has(draft.id))
      drafts.set(draft.id, { candidate, draft, concerned: past.concerned })
  })
  return [...drafts.values()]
}

function shortened(text: string): string {
  return text.length > 12 ? `${text.slice(0, 10)}…` : text
}

function ruleText({ victims, ...draft }: Draft, found: Investigation, tests: readonly object[] = []): string {
  return stringify(
    {
      ...draft,
      title: draft.title.slice(0, 120),
      owner: 'to be named',
      level: 'medium',
      status: 'experimental',
      falsePositives: ['Whatever is new: bounds are those of the past.'],
      categories: [found.rootCause.category],
      confidence: 0.5,
      victims,
      ...(tests.length === 0 ? {} : { tests }),
    },
    { lineWidth: 120 },
  )
}

function testsOf({ attack, folder }: ProposeOptions, flags: readonly Hash[]): object[] {
  if (attack === undefined || folder === undefined) return []
  return [
    { name: 'the attack that it was made for', bundle: relative(resolve(folder), resolve(attack)), flags },
  ]
}

/** rule → transactions of the past that it flags, among those that it did not learn from. */
async function flaggedIn(
  past: AsyncIterable<BlockBundle>,
  compiled: readonly CompiledRule[],
  after: number,
): Promise<Map<string, number>> {
  const flagged = new Map<string, number>()
  const engine = engineOf(compiled)
  let count = 0
  for await (const bundle of past) {
    const facts = blockFacts(bundle)
    const judged = new Set(
      facts.transactions.flatMap(({ transaction }) => (count++ >= after ? [transaction.hash] : [])),
    )
    for (const [rule, hash] of alarmsIn(engine, facts))
      if (judged.has(hash)) flagged.set(rule, (flagged.get(rule) ?? 0) + 1)
  }
  return flagged
}

function attackFlags(suspects: readonly Suspect[], compiled: readonly CompiledRule[]): Map<string, Hash[]> {
  const engine = engineOf(compiled)
  const flags = new Map<string, Hash[]>()
  const attacks = new Set(suspects.map(({ tx }) => tx.transaction.hash))
  for (const facts of new Set(suspects.map((suspect) => suspect.facts)))
    for (const [rule, hash] of alarmsIn(engine, facts))
      if (attacks.has(hash)) flags.set(rule, [...(flags.get(rule) ?? []), hash])
  return flags
}

function engineOf(compiled: readonly CompiledRule[]): ReturnType<typeof createEngine> {
  return createEngine({
    detectors: [rules],
    scope: { kind: 'everything' },
    options: { rules: { rules: compiled } },
  })
}

/** The rules that flag each transaction of a block. */
function alarmsIn(engine: ReturnType<typeof createEngine>, facts: BlockFacts): [string, Hash][] {
  return evaluateSettled(engine, facts).flatMap((finding: Finding) => {
    const rule = finding.categories.find((category) => category.startsWith('rule:'))?.slice(5)
    return rule === undefined || finding.transactionHash === null ? [] : [[rule, finding.transactionHash]]
  })
}

async function writeAll(proposals: readonly Proposal[], folder: string | undefined): Promise<void> {
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  for (const { id, rule } of proposals) await writeFile(join(folder, `${id}.yaml`), rule)
}

function tooShort(transactions: number): CordonError {
  return new CordonError({
    code: 'app.HistoryTooShort',
    message: 'The history is too short to propose rules.',
    facts: { transactions, least: LEAST_HISTORY },
    fix: 'Record more blocks from before the attack (`cordon record --from … --to …`) and give them with --history.',
  })
}
