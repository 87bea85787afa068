import { type Asset, logSourceOf, NATIVE } from '../model/block.ts'
import type { BalanceDeltas, BlockFacts, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { FundFlow } from '../model/fund-flow.ts'
import type { Address, Hex } from '../model/hex.ts'
import type {
  BalanceChange,
  FirstScreen,
  Hypothesis,
  Investigated,
  Investigation,
} from '../model/investigation.ts'
import { type Tokens, tokenName } from '../model/token.ts'
import { actorsOf } from './actors/actors.ts'
import { NOTHING_KNOWN, type Placed } from './actors/known.ts'
import { type Attackers, attackersOf } from './attackers.ts'
import { callTree, failureIn, type TreeView } from './call-tree.ts'
import { type Culprit, culpritsOf } from './cause/culprits.ts'
import { evidenceOf } from './cause/evidence.ts'
import { fuse } from './cause/fuse.ts'
import { mechanismsOf } from './cause/mechanisms.ts'
import { issuedIn, netChanges } from './changes.ts'
import { decodedCalls } from './decode/calls.ts'
import type { Decoder } from './decode/decoder.ts'
import { finishFlow } from './fund-flow/finish.ts'
import { followTheft } from './fund-flow/follow.ts'
import { assetOf } from './fund-flow/key.ts'
import { type Losers, losersOf, stolenIn } from './fund-flow/sources.ts'
import { addSources, startFlow } from './fund-flow/state.ts'
import { hypothesesFrom } from './hypotheses.ts'
import { lossByClass } from './loser-classes.ts'
import { dollarsOf, type Prices, pricesIn, usdOf } from './prices.ts'
import { profitsOf } from './profits.ts'
import { remediationFor } from './remediation.ts'
import { scopeOf } from './scope.ts'
import { stepsOf } from './steps.ts'
import { suspicion } from './suspicion.ts'
import { unexplainedIn } from './unexplained.ts'
import { victimsOf } from './victims.ts'

/** A transaction to be investigated, with its block and the detectors' findings on it. */
export type Suspect = {
  facts: BlockFacts
  tx: TransactionFacts
  findings: readonly Finding[]
  blind: readonly string[]
}

export type InvestigateOptions = {
  /** In chain order. */
  suspects: readonly Suspect[]
  /** Contracts that are never the attacker's. */
  protect: ReadonlySet<Address>
  /** The local names of addresses. */
  names: ReadonlyMap<Address, string>
  /** Signatures by selector. */
  functions: ReadonlyMap<Hex, string>
  prices?: Prices
  /** The names of assets. */
  tokens?: Tokens
  /** Show every read in the tree. */
  full: boolean
  /** Decodes the function of a call, and its arguments. */
  decoder?: Decoder | undefined
  /** The parts of the tree to show. */
  view?: TreeView | undefined
}

/** The first results, on which everything else is built. */
export type Assessed = {
  net: BalanceDeltas
  attackers: Attackers
  cluster: ReadonlySet<Address>
  hypotheses: Hypothesis[]
  prices: Prices
  victims: Investigation['victims']
}

/** The first screen alone, for readers who cannot wait. */
export function firstScreen({ hypotheses, victims, attackers }: Assessed, tokens: Tokens): FirstScreen {
  return { rootCause: rootCauseOf(hypotheses), victims, attackers, assets: [...tokens.values()] }
}

/** The likeliest cause, the losers and the takers. Throws nothing. */
export function assess(options: InvestigateOptions): Assessed {
  const { suspects, functions, protect } = options
  const transactions = suspects.map(({ tx }) => tx)
  const findings = suspects.flatMap((suspect) => suspect.findings)
  const net = netChanges(transactions)
  const spared = new Set([...protect, ...findings.flatMap(({ victims }) => victims)])
  const attackers = attackersOf({ transactions, net, spared, protect })
  const cluster = new Set([...attackers.accounts, ...attackers.contracts])
  const found = hypothesesFrom({ transactions, findings, attackers: cluster, functions })
  const chainId = suspects[0]?.facts.bundle.chainId ?? 0
  const prices = pricesIn(
    chainId,
    transactions.map((tx) => withoutOwnPools(tx, cluster)),
    options.prices,
  )
  const evidence = transactions.map((tx) => evidenceOf(tx, { cluster, prices, chainId }))
  const culprits = culpritsOf(evidence, findings)
  const mechanisms = mechanismsOf(evidence, culprits)
  const fused = fuse({ found, mechanisms, culprits, transactions, functions })
  const hypotheses = fused.length > 0 ? fused : suspicion({ transactions, attackers: cluster, functions })
  const named = [
    culprits.map(({ account }) => account),
    ...hypotheses.map((hypothesis) => victimsNamed(hypothesis, findings)),
  ]
  const victims = victimsOf({ hypotheses, named, transactions, net, attackers: cluster, prices }).map(
    (victim) => ({
      ...victim,
      loss: victim.loss.map((item) => withUsd(item, prices)),
      ...netUsdOf(net.get(victim.address), prices),
      ...reasonsFor(victim.address, culprits),
    }),
  )
  return { net, attackers, cluster, hypotheses, prices, victims }
}

/**
 * Investigates one or more transactions: why the attack was possible, the victims, the attackers and the steps, with
 * the evidence. Throws nothing: `unexplained` states what is missing.
 */
export function investigate(options: InvestigateOptions, assessed = assess(options)): Investigation {
  const { suspects, names, tokens = new Map() } = options
  const transactions = suspects.map(({ tx }) => tx)
  const findings = suspects.flatMap((suspect) => suspect.findings)
  const { net, attackers, cluster, hypotheses, prices, victims } = assessed
  const lost = new Set(victims.map(({ address }) => address))
  const nameOf = (address: string): string => names.get(address as Address) ?? address
  const balanceChanges = changesOf(net, { cluster, lost, prices })
  const { actors } = actorsOf({
    investigated: placedOf(suspects),
    net,
    findings,
    attackers,
    victims: [...lost],
    known: NOTHING_KNOWN,
  })
  return {
    type: 'investigation',
    chainId: suspects[0]?.facts.bundle.chainId ?? 0,
    transactions: suspects.map((suspect) => investigatedOf(suspect, { ...options, cluster, lost })),
    rootCause: rootCauseOf(hypotheses),
    divergence: divergenceIn(suspects),
    victims,
    lossByClass: lossByClass(victims, transactions),
    attackers,
    actors,
    balanceChanges,
    profits: profitsOf({ actors, balanceChanges }),
    issued: [...issuedIn(transactions)].map(([key, amount]) => ({ ...assetOf(key), amount })),
    steps: stepsOf({ transactions, findings, attackers: cluster, victims: lost, nameOf, tokens }),
    assets: [...tokens.values()],
    prices: pricesTold(prices, net),
    fundFlow: flowOf(suspects, { cluster, losers: losersOf(victims) }),
    scope: scopeOf(transactions, {
      weak: hypotheses[0]?.contract ?? null,
      watched: new Set([...cluster, ...lost]),
    }),
    remediation: remediationFor(
      hypotheses,
      transactions.map(({ transaction }) => transaction.hash),
    ),
    unexplained: unexplainedIn(suspects, findings),
  }
}

/** The first broken invariant: the rule names its frames; the first of them in the first transaction counts. */
function divergenceIn(suspects: readonly Suspect[]): Investigation['divergence'] {
  for (const { tx, findings } of suspects) {
    const broken = findings
      .filter(({ categories }) => categories.includes('invariant'))
      .flatMap(({ evidence }) => evidence)
      .flatMap(({ statement, frames }) => frames.map((frame) => ({ frame, statement })))
      .sort((a, b) => a.frame - b.frame)
    if (broken[0] !== undefined) return { transactionHash: tx.transaction.hash, ...broken[0] }
  }
  return null
}

/** The prices of the assets that some account has more or less of. */
function pricesTold(prices: Prices, net: BalanceDeltas): Investigation['prices'] {
  const moved = new Set([...net.values()].flatMap((assets) => [...assets.keys()]))
  return [...prices]
    .filter(([asset]) => moved.has(asset))
    .map(([asset, { usdE36, source, confidence }]) => ({
      asset,
      usdPerUnitE36: usdE36,
      source,
      confidence,
    }))
}

/** Suspects with their positions on the chain. */
export function placedOf(suspects: readonly Suspect[]): Placed[] {
  return suspects.map(({ facts, tx }) => ({ tx, block: facts.bundle.number, producer: facts.bundle.miner }))
}

type Robbery = { cluster: ReadonlySet<Address>; losers: Losers }

/** The victims' losses, followed through these very transactions. */
function flowOf(suspects: readonly Suspect[], { cluster, losers }: Robbery): FundFlow {
  const first = suspects[0]?.facts.bundle
  const flow = startFlow({
    chainId: first?.chainId ?? 0,
    block: first?.number ?? 0,
    sources: [],
    labels: new Map(),
    actors: [...cluster],
  })
  for (const { tx, findings, facts } of suspects) {
    addSources(flow, stolenIn(tx, losers, findings))
    followTheft(flow, tx, facts.bundle.number)
  }
  return finishFlow(flow)
}

/** The first hypothesis is the cause. */
export function rootCauseOf(hypotheses: Hypothesis[]): Investigation['rootCause'] {
  const [first] = hypotheses
  const { category = 'unknown', contract = null, function: name = null } = first ?? {}
  const { weakness = null, confidence = 0 } = first ?? {}
  return { category, contract, function: name, line: null, file: null, weakness, confidence, hypotheses }
}

/** All victims that the findings of a hypothesis name: those of the surest finding first. */
function victimsNamed({ category, contract }: Hypothesis, findings: readonly Finding[]): Address[] {
  if (findings.length === 0) return contract === null ? [] : [contract]
  return findings
    .filter(({ categories }) => (categories[0] ?? 'unknown') === category)
    .sort((a, b) => b.confidence - a.confidence)
    .flatMap(({ victims }) => victims)
}

/** Without trades in which an attacker's contract has the place of the pool: they say nothing about a price. */
function withoutOwnPools(tx: TransactionFacts, cluster: ReadonlySet<Address>): TransactionFacts {
  return { ...tx, facts: tx.facts.filter((fact) => fact.kind !== 'swap' || !cluster.has(fact.pool)) }
}

/** Why an account is suspected; nothing where it only lost. */
function reasonsFor(address: Address, culprits: readonly Culprit[]): { reasons?: string[] } {
  const culprit = culprits.find(({ account }) => account === address)
  return culprit === undefined ? {} : { reasons: culprit.reasons }
}

/** The sum of all changes of an account in dollars; absent where one of them has no price. */
function netUsdOf(assets: ReadonlyMap<string, bigint> | undefined, prices: Prices): { netUsd?: string } {
  let sum = 0n
  for (const [key, amount] of assets ?? []) {
    const price = prices.get(key as Asset)
    if (price === undefined) return {}
    sum += amount * price.usdE36
  }
  return assets === undefined || assets.size === 0 ? {} : { netUsd: dollarsOf(sum) }
}

function withUsd<T extends { asset: Parameters<typeof usdOf>[1]; tokenId: bigint | null; amount: bigint }>(
  item: T,
  prices: Prices,
): T & { usd?: string } {
  const usd = item.tokenId === null ? usdOf(prices, item.asset, item.amount) : undefined
  return usd === undefined ? item : { ...item, usd }
}

type Telling = InvestigateOptions & { cluster: ReadonlySet<Address>; lost: ReadonlySet<Address> }

function investigatedOf({ facts, tx, findings, blind }: Suspect, telling: Telling): Investigated {
  const { transaction } = tx
  const { names, full, cluster, lost, decoder, view, tokens = new Map() } = telling
  const marked = new Set(findings.flatMap((finding) => finding.evidence.flatMap((item) => item.frames)))
  const known = new Map([...tokenNames(tokens), ...names])
  for (const victim of lost)
    if (!names.has(victim)) known.set(victim, `${known.get(victim) ?? victim} [victim]`)
  for (const actor of cluster)
    if (!names.has(actor)) known.set(actor, `${known.get(actor) ?? actor} [attacker]`)
  const { frames } = transaction
  const failure = failureIn(frames, { names: known, marked, decoder })
  return {
    hash: transaction.hash,
    blockNumber: facts.bundle.number,
    from: transaction.from,
    to: transaction.to,
    succeeded: transaction.succeeded,
    frames: frames.length,
    movementsFrom: logSourceOf(transaction, facts.bundle) === 'none' ? 'calls' : 'logs',
    findings: [...findings],
    blind: [...blind],
    tree: callTree(frames, { names: known, marked, full, decoder, view }),
    ...(failure === undefined ? {} : { failure }),
    ...(decoder === undefined ? {} : { calls: decodedCalls(frames, decoder) }),
  }
}

/** The names of tokens for the steps. */
function tokenNames(tokens: Tokens): Map<Address, string> {
  const named = new Map<Address, string>()
  for (const { asset } of tokens.values()) if (asset !== NATIVE) named.set(asset, tokenName(asset, tokens))
  return named
}

type Sides = { cluster: ReadonlySet<Address>; lost: ReadonlySet<Address>; prices: Prices }

function changesOf(net: ReturnType<typeof netChanges>, { cluster, lost, prices }: Sides): BalanceChange[] {
  const order = { victim: 0, actor: 1, other: 2 } as const
  return [...net]
    .flatMap(([account, assets]) => {
      const side = lost.has(account) ? 'victim' : cluster.has(account) ? 'actor' : 'other'
      return [...assets].map(
        ([key, amount]): BalanceChange => withUsd({ account, ...assetOf(key), amount, side }, prices),
      )
    })
    .sort((a, b) => order[a.side] - order[b.side])
}
