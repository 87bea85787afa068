import type { Frame, Transaction } from '../../../model/block.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'

/** A call of a protocol's function. Delegated code counts as part of the call that it serves. */
export type ProtocolCall = {
  frame: number
  /** Null where protected code runs for an unknown account. */
  contract: Address | null
  /** `fallback` for calldata without one. */
  selector: string
  /** Index of the enclosing call of the protocol, −1 for none. */
  outer: number
  /** True where a stranger's frame is between this call and the enclosing one. */
  viaStranger: boolean
  /** True for protected code that runs for an account outside the protocol: a clone, or an unnamed proxy. */
  clone: boolean
  /** False for calls that certainly change nothing. */
  effectful: boolean
  /** True where it changed storage of others, for example of tokens. */
  changedOthers: boolean
  /** Storage of the protocol, in this call and those inside it: slot → the value before and the value written. */
  reads: Set<string>
  writes: Map<string, { before: bigint | null; after: bigint | null }>
}

export type CallList = { calls: ProtocolCall[]; hasStorage: boolean }

type Place = { call: number; stranger: boolean; isStatic: boolean }
const OUTSIDE: Place = { call: -1, stranger: false, isStatic: false }

/** The calls of a protocol's functions in a transaction, in execution order, without reverted ones. Linear. */
export function protocolCalls({ frames }: Transaction, members: ReadonlySet<Address>): CallList {
  const calls: ProtocolCall[] = []
  const places: Place[] = []
  let hasStorage = false
  for (const frame of frames) {
    const parent = places[frame.parent] ?? OUTSIDE
    const place = placeOf(frame, parent, { calls, members })
    places.push(place)
    if (frame.reverted || frame.storage === undefined) continue
    const call = calls[place.call]
    if (call === undefined || call.clone) continue
    hasStorage = true
    noteStorage(call, frame, members)
  }
  settle(calls, hasStorage)
  return { calls, hasStorage }
}

function placeOf(
  frame: Frame,
  parent: Place,
  { calls, members }: { calls: ProtocolCall[]; members: ReadonlySet<Address> },
): Place {
  const isStatic = parent.isStatic || frame.type === 'STATICCALL'
  const called = frame.reverted ? undefined : calledBy(frame, parent, { calls, members })
  if (called === 'same') return { ...parent, isStatic }
  if (called === undefined) return { call: parent.call, stranger: parent.call !== -1, isStatic }
  calls.push({
    frame: frame.index,
    contract: called.contract,
    selector: selectorOf(frame.input) ?? 'fallback',
    outer: parent.call,
    viaStranger: parent.stranger,
    clone: called.clone,
    effectful: !isStatic,
    changedOthers: false,
    reads: new Set(),
    writes: new Map(),
  })
  return { call: calls.length - 1, stranger: false, isStatic }
}

type Called = { contract: Address | null; clone: boolean } | 'same' | undefined

/** The owner of the function that a frame calls: the protocol, a clone, the function already running, or a stranger. */
function calledBy(
  { type, to, context }: Frame,
  parent: Place,
  { calls, members }: { calls: readonly ProtocolCall[]; members: ReadonlySet<Address> },
): Called {
  if (to === null || type === 'CREATE' || type === 'CREATE2' || type === 'SELFDESTRUCT') return undefined
  if (type === 'CALL' || type === 'STATICCALL')
    return members.has(to) ? { contract: to, clone: false } : undefined
  if (parent.call !== -1 && !parent.stranger && calls[parent.call]?.contract === context) return 'same'
  if (context !== null && members.has(context)) return { contract: context, clone: false }
  return members.has(to) ? { contract: context, clone: true } : undefined
}

function noteStorage(call: ProtocolCall, { storage }: Frame, members: ReadonlySet<Address>): void {
  for (const { op, address, slot, value } of storage ?? []) {
    if (!members.has(address)) {
      call.changedOthers ||= op === 'write'
      continue
    }
    const key = `${address}:${slot}`
    const written = call.writes.get(key)
    if (op === 'read') {
      call.reads.add(key)
      if (written === undefined) call.writes.set(key, { before: numberOf(value), after: numberOf(value) })
    } else call.writes.set(key, { before: written?.before ?? null, after: numberOf(value) })
  }
}

function numberOf(value: Hex | null): bigint | null {
  return value === null ? null : BigInt(value === '0x' ? '0x0' : value)
}

/**
 * Adds to every call the storage of those inside it, and drops writes that restore the previous value (locks, scratch
 * space: CrossGuard's restore-on-exit). With storage recorded, a call without a lasting write changes nothing.
 */
function settle(calls: readonly ProtocolCall[], hasStorage: boolean): void {
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i]
    if (call === undefined) continue
    const outer = calls[call.outer]
    if (outer !== undefined && !call.clone) absorb(outer, call)
    for (const [key, { before, after }] of call.writes)
      if (before !== null && before === after) call.writes.delete(key)
    if (hasStorage && !call.clone) call.effectful &&= call.changedOthers || call.writes.size > 0
  }
}

/** Calls are absorbed last to first: a known access happened later, unless the outer frame only read it. */
function absorb(outer: ProtocolCall, { reads, writes, changedOthers }: ProtocolCall): void {
  outer.changedOthers ||= changedOthers
  for (const key of reads) outer.reads.add(key)
  for (const [key, inner] of writes) {
    const known = outer.writes.get(key)
    const changedLater = known !== undefined && (known.before === null || known.before !== known.after)
    outer.writes.set(key, {
      before: inner.before ?? known?.before ?? null,
      after: changedLater ? known.after : inner.after,
    })
  }
}
