import type { Transaction } from '../../../model/block.ts'
import type { BlockFacts, TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import type { ProtocolCall } from './calls.ts'
import { protocolCalls } from './calls.ts'
import type { Field } from './model.ts'
import { type Step, stepsOf } from './steps.ts'

/** A quantity of a transaction that may stay within bounds; `unit` is for people. */
export type Quantity = {
  key: string
  value: number
  unit: string
  frame: number
  /** True where it is about the order and nesting of calls. */
  ofFlow?: boolean
}

/** A transaction's use of a protocol, in the terms of the invariants. */
export type Observation = {
  block: number
  steps: readonly Step[]
  /** Functions that a stranger called and that changed something. */
  functions: readonly { key: string; direct: boolean; frame: number }[]
  quantities: readonly Quantity[]
  /** The accounts that acted, where recorded: the sender, and the contract that called. */
  accounts: readonly Address[]
  recorded: readonly Field[]
  kind: ObservationKind
}

/**
 * `use`: the protocol's state was changed. `read`: it was only read. `clone`: protected code ran for another account.
 * `birth`: a contract of the protocol was created, so the other calls are its set-up. Only `use` is judged; all are
 * learned from.
 */
export type ObservationKind = 'use' | 'read' | 'clone' | 'birth'

type Input = { tx: TransactionFacts; bundle: BlockFacts['bundle']; members: ReadonlySet<Address> }

/** Null where the transaction failed or did not touch the protocol. */
export function observe(input: Input): Observation | null {
  const { tx, bundle, members } = input
  if (tx.transaction.succeeded === false || !touches(tx.transaction, members)) return null
  const { calls, hasStorage } = protocolCalls(tx.transaction, members)
  const effectful = calls.filter((call) => call.effectful)
  const own = effectful.filter((call) => !call.clone)
  if (own.length === 0) return lesserObservation(calls, bundle.number)
  const outside = own.filter((call) => call.outer === -1 || call.viaStranger)
  const recorded = recordedFields(tx.transaction, { bundle, hasStorage })
  return {
    block: bundle.number,
    steps: stepsOf(calls, { hasStorage, hidesStrangers: bundle.coverage.partial }),
    functions: outside.map((call) => ({
      key: `${call.contract}:${call.selector}`,
      direct: call.frame === 0,
      frame: call.frame,
    })),
    quantities: quantitiesOf({ ...input, calls, outside, own, recorded }),
    accounts: accountsOf(tx.transaction, outside),
    recorded,
    kind: isBirth(tx.transaction, members) ? 'birth' : 'use',
  }
}

/** Most transactions of a block do not concern a protocol: this check rejects them without building anything. */
function touches({ frames }: Transaction, members: ReadonlySet<Address>): boolean {
  for (const { to, context } of frames)
    if ((to !== null && members.has(to)) || (context !== null && members.has(context))) return true
  return false
}

/** Only single calls of clones are learned from: for several the account and the order are not known. */
function lesserObservation(calls: readonly ProtocolCall[], block: number): Observation | null {
  const kind = calls.some((call) => call.effectful) ? 'clone' : 'read'
  if (calls.length === 0 || (kind === 'clone' && calls.length !== 1)) return null
  return { block, steps: [], functions: [], quantities: [], accounts: [], recorded: [], kind }
}

function isBirth({ frames }: Transaction, members: ReadonlySet<Address>): boolean {
  return frames.some(
    ({ type, to, reverted }) =>
      (type === 'CREATE' || type === 'CREATE2') && !reverted && to !== null && members.has(to),
  )
}

type Recorded = { bundle: BlockFacts['bundle']; hasStorage: boolean }

function recordedFields({ from, frames }: Transaction, { bundle, hasStorage }: Recorded): Field[] {
  const { coverage } = bundle
  const found: Field[] = []
  if (from !== null) found.push('senders')
  if (hasStorage) found.push('storage')
  if (!coverage.partial) found.push('values')
  if ((frames[0]?.gas ?? -1) >= 0) found.push('gas')
  if (!coverage.partial && coverage.logs !== 'none') found.push('tokens')
  return found
}

function accountsOf({ from, frames }: Transaction, outside: readonly ProtocolCall[]): Address[] {
  const callers = outside.map(({ frame }) => frames[frame]?.from ?? null)
  return [...new Set([from, ...callers].filter((account) => account !== null))]
}

type Measured = Input & {
  calls: readonly ProtocolCall[]
  outside: readonly ProtocolCall[]
  own: readonly ProtocolCall[]
  recorded: readonly Field[]
}

function quantitiesOf(measured: Measured): Quantity[] {
  const { calls, outside, own, recorded, tx } = measured
  const frame = outside[0]?.frame ?? 0
  const quantities: Quantity[] = [
    { key: 'calls', value: outside.length, unit: 'calls of the protocol', frame, ofFlow: true },
    { key: 'depth', value: deepest(own, calls), unit: 'nested calls of the protocol', frame, ofFlow: true },
  ]
  const { frames } = tx.transaction
  for (const call of outside) {
    const called = frames[call.frame]
    if (called === undefined) continue
    const at = `${call.contract}:${call.selector}`
    if (recorded.includes('values'))
      quantities.push({
        key: `value:${at}`,
        value: Number(called.value),
        unit: 'wei sent',
        frame: call.frame,
      })
    if (!recorded.includes('gas')) continue
    if (called.gas >= 0)
      quantities.push({ key: `entry:${at}`, value: called.gas, unit: 'gas at entry', frame: call.frame })
    if (called.gasUsed >= 0)
      quantities.push({ key: `gas:${at}`, value: called.gasUsed, unit: 'gas used', frame: call.frame })
  }
  if (recorded.includes('tokens')) quantities.push(...tokenQuantities(measured, frame))
  if (recorded.includes('storage')) for (const call of outside) quantities.push(...storageQuantities(call))
  return quantities
}

/** The nesting depth of the protocol's calls that change something. */
function deepest(own: readonly ProtocolCall[], calls: readonly ProtocolCall[]): number {
  let most = 0
  for (const call of own) {
    let depth = 0
    for (let outer = calls[call.outer]; outer !== undefined; outer = calls[outer.outer])
      if (outer.effectful) depth++
    most = Math.max(most, depth)
  }
  return most
}

/** The inflow and outflow of the protocol, by asset; and the price where one asset was given for another. */
function tokenQuantities({ tx, members, outside }: Measured, frame: number): Quantity[] {
  const net = new Map<string, bigint>()
  for (const account of members)
    for (const [asset, amount] of tx.deltas.get(account) ?? [])
      net.set(asset, (net.get(asset) ?? 0n) + amount)
  const quantities: Quantity[] = []
  const paid: [string, number][] = []
  const taken: [string, number][] = []
  for (const [asset, amount] of net) {
    if (asset.includes('/')) continue
    const value = Math.abs(Number(amount))
    if (amount > 0n) paid.push([asset, value])
    else if (amount < 0n) taken.push([asset, value])
    quantities.push({ key: `in:${asset}`, value: amount > 0n ? value : 0, unit: `of ${asset} in`, frame })
    quantities.push({ key: `out:${asset}`, value: amount < 0n ? value : 0, unit: `of ${asset} out`, frame })
  }
  const [given, got] = [paid[0], taken[0]]
  if (paid.length === 1 && taken.length === 1 && given && got && outside.length === 1)
    quantities.push({
      key: `ratio:${outside[0]?.selector}:${given[0]}:${got[0]}`,
      value: got[1] / given[1],
      unit: `of ${got[0]} a unit of ${given[0]}`,
      frame,
    })
  return quantities
}

/** Each declared variable has its own bounds; entries of mappings and arrays share one per function. */
const LAST_DECLARED_SLOT = 0xffffn

function storageQuantities({ contract, selector, writes, frame }: ProtocolCall): Quantity[] {
  const most = new Map<string, number>()
  for (const [key, { before, after }] of writes) {
    if (before === null || after === null) continue
    const split = key.indexOf(':')
    const isDeclared = BigInt(key.slice(split + 1)) <= LAST_DECLARED_SLOT
    const slot = isDeclared ? key : `${contract}:${selector}:entries`
    const change = Number(after - before)
    const [up, down] = [`up:${slot}`, `down:${slot}`]
    most.set(up, Math.max(most.get(up) ?? 0, change))
    most.set(down, Math.max(most.get(down) ?? 0, -change))
  }
  return [...most].map(([key, value]) => ({
    key,
    value,
    unit: `change ${key.slice(0, key.indexOf(':'))} of storage`,
    frame,
  }))
}
