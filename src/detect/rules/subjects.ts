import type { BlockBundle, Frame } from '../../model/block.ts'
import type { Fact, TransactionFacts } from '../../model/fact.ts'
import { selectorOf } from '../../model/hex.ts'
import { Amount } from './amount.ts'
import { type Field, type Fields, type View, viewOf } from './view.ts'

/** An unknown value is the empty string, or −1 as a number: expressions never see null. */
const text = <Raw>(read: (raw: Raw) => string | null): Field<Raw> => ({
  type: 'string',
  read: (raw) => read(raw) ?? '',
})
const int = <Raw>(read: (raw: Raw) => number | null): Field<Raw> => ({
  type: 'int',
  read: (raw) => BigInt(read(raw) ?? -1),
})
const bool = <Raw>(read: (raw: Raw) => boolean): Field<Raw> => ({ type: 'bool', read })
const amount = <Raw>(read: (raw: Raw) => bigint | null): Field<Raw> => ({
  type: 'Amount',
  read: (raw) => new Amount(read(raw) ?? -1n),
})

/** Fields whose values are addresses, for `inScope`. */
type Addressed<Raw> = Readonly<Record<string, (raw: Raw) => string | null>>

/** One kind of fact that a rule can be `on`. */
export type Subject<Raw = unknown> = {
  view: View<Raw>
  addresses: Addressed<Raw>
  /** The facts of this kind in a transaction, in execution order. */
  in(tx: TransactionFacts): readonly Raw[]
  /** The index of the frame in the trace, −1 where it is not known. */
  frame(raw: Raw): number
  /** True where facts of this kind are visible only with traces. */
  needsTraces: boolean
}

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>
type Said<K extends Fact['kind']> = {
  name: string
  addresses: readonly (keyof Of<K> & string)[]
  fields: Fields<Of<K>>
}

function ofFact<K extends Fact['kind']>(kind: K, { name, addresses, fields }: Said<K>): Subject {
  const subject: Subject<Of<K>> = {
    view: viewOf(name, { ...addressFields<Of<K>>(addresses), ...fields }),
    addresses: Object.fromEntries(addresses.map((field) => [field, (fact: Of<K>) => addressAt(fact, field)])),
    in: ({ facts }) => facts.filter((fact): fact is Of<K> => fact.kind === kind),
    frame: ({ frame }) => frame,
    needsTraces: kind === 'valuation',
  }
  return subject as Subject
}

function addressFields<Raw extends object>(names: readonly (keyof Raw & string)[]): Fields<Raw> {
  return Object.fromEntries(names.map((name) => [name, text((raw: Raw) => addressAt(raw, name))]))
}

function addressAt<Raw extends object>(raw: Raw, name: keyof Raw): string | null {
  const value = raw[name]
  return typeof value === 'string' ? value : null
}

export const txView = viewOf<TransactionFacts>('Tx', {
  hash: text(({ transaction }) => transaction.hash),
  from: text(({ transaction }) => transaction.from),
  to: text(({ transaction }) => transaction.to),
  selector: text(({ transaction }) => selectorOf(transaction.input) ?? null),
  value: amount(({ transaction }) => transaction.value),
  gasPrice: amount(({ transaction }) => transaction.gasPrice),
  nonce: int(({ transaction }) => transaction.nonce),
  index: int(({ transaction }) => transaction.index),
  frames: int(({ transaction }) => transaction.frames.length),
  /** False also where it is not known. */
  failed: bool(({ transaction }) => transaction.succeeded === false),
  creates: bool(({ transaction }) => transaction.to === null),
})

export const blockView = viewOf<BlockBundle>('Block', {
  chainId: int(({ chainId }) => chainId),
  number: int(({ number }) => number),
  timestamp: int(({ timestamp }) => timestamp),
  baseFee: amount(({ baseFeePerGas }) => baseFeePerGas),
  miner: text(({ miner }) => miner),
  pending: bool(({ pending }) => pending),
})

const callSubject: Subject<Frame> = {
  view: viewOf<Frame>('Call', {
    type: text(({ type }) => type),
    from: text(({ from }) => from),
    to: text(({ to }) => to),
    context: text(({ context }) => context),
    selector: text(({ input }) => selectorOf(input) ?? null),
    value: amount(({ value }) => value),
    gasUsed: int(({ gasUsed }) => gasUsed),
    depth: int(({ depth }) => depth),
    reverted: bool(({ reverted }) => reverted),
    failed: bool(({ error }) => error !== null),
    error: text(({ error }) => error),
    reason: text(({ revertReason }) => revertReason),
  }),
  addresses: { from: ({ from }) => from, to: ({ to }) => to, context: ({ context }) => context },
  in: ({ transaction }) => transaction.frames,
  frame: ({ index }) => index,
  needsTraces: true,
}

const transactionSubject: Subject<TransactionFacts> = {
  view: txView,
  addresses: { from: ({ transaction }) => transaction.from, to: ({ transaction }) => transaction.to },
  in: (tx) => [tx],
  frame: () => -1,
  needsTraces: false,
}

/** The kinds of fact that a rule can be `on`. A new kind is one entry here. */
export const subjects: Readonly<Record<string, Subject>> = {
  transfer: ofFact('transfer', {
    name: 'Transfer',
    addresses: ['asset', 'from', 'to'],
    fields: {
      standard: text(({ standard }) => standard),
      amount: amount(({ amount }) => amount),
      tokenId: amount(({ tokenId }) => tokenId),
      source: text(({ source }) => source),
    },
  }),
  swap: ofFact('swap', {
    name: 'Swap',
    addresses: ['pool', 'trader', 'assetIn', 'assetOut'],
    fields: {
      amountIn: amount(({ amountIn }) => amountIn),
      amountOut: amount(({ amountOut }) => amountOut),
      protocol: text(({ protocol }) => protocol),
    },
  }),
  action: ofFact('action', {
    name: 'Action',
    addresses: ['contract', 'actor', 'beneficiary', 'implementation'],
    fields: {
      action: text(({ action }) => action),
      protocol: text(({ protocol }) => protocol),
      source: text(({ source }) => source),
      givenAsset: text(({ given }) => given[0]?.asset ?? null),
      given: { type: 'list<Amount>', read: ({ given }) => given.map(({ amount }) => new Amount(amount)) },
      takenAsset: text(({ taken }) => taken[0]?.asset ?? null),
      taken: { type: 'list<Amount>', read: ({ taken }) => taken.map(({ amount }) => new Amount(amount)) },
    },
  }),
  discrepancy: ofFact('discrepancy', {
    name: 'Discrepancy',
    addresses: ['asset', 'account'],
    fields: {
      about: text(({ about }) => about),
      claimed: amount(({ claimed }) => claimed),
      observed: amount(({ observed }) => observed),
    },
  }),
  control: ofFact('control', {
    name: 'Control',
    addresses: ['contract', 'subject'],
    fields: { change: text(({ change }) => change), role: text(({ role }) => role) },
  }),
  approval: ofFact('approval', {
    name: 'Approval',
    addresses: ['asset', 'owner', 'spender'],
    fields: { amount: amount(({ amount }) => amount) },
  }),
  valuation: ofFact('valuation', {
    name: 'Valuation',
    addresses: ['source', 'reader'],
    fields: {
      selector: text(({ selector }) => selector),
      answer: { type: 'list<Amount>', read: ({ answer }) => answer.map((value) => new Amount(value)) },
    },
  }),
  call: callSubject as Subject,
  transaction: transactionSubject as Subject,
}

export const subjectNames = Object.keys(subjects) as [string, ...string[]]
