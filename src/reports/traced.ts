import { CordonError } from '../kit/error.ts'
import type { RecipientKind } from '../model/report.ts'
import type { Outgoing } from './outgoing.ts'
import { tokenOf } from './outgoing.ts'

type Flow = NonNullable<Outgoing['found']>['fundFlow']
type Node = Flow['nodes'][number]
export type Movement = Flow['edges'][number]

/** The recipient of the request, and its accounts and assets if labels do not show them. */
export type Recipient = {
  kind: RecipientKind
  name: string
  /** Accounts that the sender knows to be the recipient’s. */
  accounts: readonly string[]
  /** Tokens of an issuer. */
  assets: readonly string[]
}

export type Holding = { account: Node; asset: string; tokenId: bigint | null; haircut: bigint; fifo: bigint }

/** The part of the stolen funds that a recipient can stop. */
export type Traced = {
  holdings: readonly Holding[]
  /** The path by which it arrived, in order. */
  way: readonly Movement[]
  toBlock: number
}

/** Accounts whose owner nobody can stop by asking the issuer: these need a request to another recipient. */
const OTHERS: ReadonlySet<string> = new Set(['victim', 'exchange', 'bridge', 'mixer', 'burn'])

/**
 * The funds that were traced to a recipient: to accounts of an exchange or a bridge, by label, or as tokens of an
 * issuer that the attacker holds. Throws `reports.NothingTraced`.
 */
export function tracedTo(out: Outgoing, recipient: Recipient): Traced {
  const flow = out.found?.fundFlow
  const nodes = flow?.nodes ?? []
  const holdings = (
    recipient.kind === 'issuer' ? issuerHoldings(out, nodes, recipient) : custodyHoldings(nodes, recipient)
  ).filter(({ haircut, fifo }) => haircut > 0n || fifo > 0n)
  if (flow === undefined || holdings.length === 0) throw nothingTraced(out, recipient)
  return { holdings, way: wayTo(flow.edges, holdings), toBlock: flow.toBlock }
}

function custodyHoldings(nodes: readonly Node[], { kind, name, accounts }: Recipient): Holding[] {
  return nodes
    .filter(
      ({ id, kind: what, label }) =>
        accounts.includes(id) || (what === kind && label !== null && hasWords(label.name, name)),
    )
    .flatMap((node) => holdingsOf(node))
}

function issuerHoldings(out: Outgoing, nodes: readonly Node[], recipient: Recipient): Holding[] {
  const { assets, name } = recipient
  const issued = (asset: string): boolean => {
    if (assets.length > 0) return assets.includes(asset)
    const { symbol, isVouched } = tokenOf(out, asset)
    return isVouched && hasWords(symbol ?? '', name)
  }
  return nodes
    .filter(({ kind }) => !OTHERS.has(kind))
    .flatMap((node) => holdingsOf(node).filter(({ asset }) => issued(asset)))
}

function holdingsOf(account: Node): Holding[] {
  return account.held.map(({ asset, tokenId, amount, amountFifo }) => ({
    account,
    asset,
    tokenId,
    haircut: amount,
    fifo: amountFifo,
  }))
}

/**
 * Whether a label contains a name as whole words, in any case: `Binance 14` matches `binance`, `Binancexyz` does not.
 */
function hasWords(label: string, name: string): boolean {
  const words = (text: string): string =>
    ` ${text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()} `
  return name.trim() !== '' && words(label).includes(words(name))
}

/** Every movement from which the current holdings can have come, in order: traced backwards from their location. */
function wayTo(edges: readonly Movement[], holdings: readonly Holding[]): Movement[] {
  const reached = new Set(holdings.map(({ account }) => account.id))
  const way: Movement[] = []
  for (const edge of [...edges].sort((a, b) => b.order - a.order)) {
    if (!reached.has(edge.to)) continue
    reached.add(edge.from)
    way.push(edge)
  }
  return way.reverse()
}

function nothingTraced({ found }: Outgoing, { kind, name }: Recipient): CordonError {
  const ends = (found?.fundFlow.nodes ?? []).filter((node) => node.kind === kind)
  const issuer = kind === 'issuer'
  return new CordonError({
    code: 'reports.NothingTraced',
    message: `No stolen funds are traced to the ${kind} “${name.slice(0, 60)}”.`,
    facts: {
      kind,
      name: name.slice(0, 60),
      [issuer ? 'investigated' : 'ends']: issuer ? found !== null : ends.length,
    },
    fix: issuer
      ? 'Name the tokens of the issuer: --asset 0x…; the investigation must have a fund flow in which the attacker holds them.'
      : 'Check --name against the labels, or name accounts of the recipient: --account 0x…; or follow the funds further: cordon funds follow.',
  })
}
