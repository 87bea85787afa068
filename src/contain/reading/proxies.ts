import { toFunctionSelector } from 'viem'
import type { BlockTag } from '../../chain/methods/block-tag.ts'
import { callContract } from '../../chain/methods/call.ts'
import { traceCall } from '../../chain/methods/trace-call.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { storageWords } from '../../chain/rpc/storage.ts'
import { framesIfAny } from '../../chain/trace/call-tracer.ts'
import type { Frame } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFromWord } from '../../model/hex.ts'
import { VIEW_GAS } from './call.ts'
import { opcodesOf } from './opcodes.ts'

/** The code that a proxy runs, and how the proxy stores or shows it. A claim: the address may have no code. */
export type Behind = { kind: string; to: Address }

/** Code that runs in the storage of `origin`: its own, or that of its implementation. */
export type Place = { origin: Address; at: Address; bytecode: Hex; block: BlockTag }

/** The slot in which a proxy keeps the address of its code. */
const SLOTS: readonly { slot: Hex; kind: string }[] = [
  // keccak256("eip1967.proxy.implementation") − 1
  {
    slot: '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc',
    kind: 'an EIP-1967 proxy',
  },
  // keccak256("org.zeppelinos.proxy.implementation")
  {
    slot: '0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3',
    kind: 'a zeppelinos proxy',
  },
  // keccak256("PROXIABLE")
  {
    slot: '0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7',
    kind: 'an EIP-1822 proxy',
  },
  // keccak256("matic.network.proxy.implementation")
  { slot: '0xbaab7dbf64751104133af04abc7d9979f0fda3b059a322a8333f533d3f32bf7f', kind: 'a proxy of Polygon' },
]
/** keccak256("eip1967.proxy.beacon") − 1 */
export const BEACON_SLOT = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50'
const FIRST_SLOT = '0x0'
/** Bytes: a Safe’s proxy has 171. */
const LONGEST_GUESSED = 256

/** The views by which proxies report their implementation, the plainest first. */
const VIEWS = [
  'implementation()',
  'comptrollerImplementation()',
  'masterCopy()',
  'singleton()',
  'getImplementation()',
  'implementationAddress()',
  'proxyImplementation()',
  'controllerImplementation()',
  'vaultImplementation()',
  'getMasterCopy()',
  'childImplementation()',
  'logic()',
  'logicAddress()',
  'target()',
  'getTarget()',
].map((signature) => ({ signature, selector: toFunctionSelector(signature) }))
const IMPLEMENTATION = toFunctionSelector('implementation()')

/** A function that no contract has: the proxy treats it like any function that it does not know itself. */
const UNKNOWN_CALL = toFunctionSelector('cordonAsksWhoAnswers()')

/**
 * Minimal clones of every kind (EIP-1167, vyper's, 0age's, those with immutable arguments, shorter ones for addresses with
 * leading zeros) push the address right before GAS DELEGATECALL, within the first bytes.
 */
const CLONE = /^((?:[0-9a-f]{2}){0,96}?)(6[d-f]|7[0-3])((?:[0-9a-f]{2}){14,20}?)5af4/

/**
 * The code that runs behind a given code, as candidates, the most certain first: embedded in the code, kept in a known
 * slot, reported by a beacon, seen when it is called, reported by a view. Empty where the code never delegates.
 */
export async function* candidatesBehind(rpc: Rpc, place: Place): AsyncGenerator<Behind> {
  const { bytecode } = place
  if (bytecode.startsWith('0xef0100') && bytecode.length === 48) {
    yield { kind: 'an account delegated to the code', to: `0x${bytecode.slice(8)}` }
    return
  }
  if (!opcodesOf(bytecode).delegates) return
  const clone = cloned(bytecode)
  if (clone !== undefined) yield { kind: 'a minimal clone', to: clone }
  yield* bySlots(rpc, place)
  const traced = await traceOf(rpc, place)
  yield* byBehaviour(traced)
  yield* byViews(rpc, place)
  if (traced.length === 0 && bytecode.length <= 2 + 2 * LONGEST_GUESSED) yield* byFirstSlot(rpc, place)
}

function cloned(bytecode: Hex): Address | undefined {
  const match = CLONE.exec(bytecode.slice(2, 2 + 2 * 160))
  if (match === null) return undefined
  const [, , push = '', address = ''] = match
  const length = Number.parseInt(push, 16) - 0x5f
  return address.length === 2 * length ? `0x${address.padStart(40, '0')}` : undefined
}

async function* bySlots(rpc: Rpc, place: Place): AsyncGenerator<Behind> {
  const [beacon, ...found] = await slotAddresses(rpc, place, [BEACON_SLOT, ...SLOTS.map(({ slot }) => slot)])
  for (const [i, to] of found.entries()) {
    const kind = SLOTS[i]?.kind
    if (to !== undefined && kind !== undefined) yield { kind, to }
  }
  if (beacon === undefined) return
  const to = await answeredAddress(rpc, { to: beacon, data: IMPLEMENTATION, block: place.block })
  if (to !== undefined) yield { kind: `a proxy of the beacon ${beacon}`, to }
}

/** An unknown call, traced; no frames where the node does not trace. */
async function traceOf(rpc: Rpc, { origin, block }: Place): Promise<readonly Frame[]> {
  const call = { to: origin, data: UNKNOWN_CALL, gas: VIEW_GAS }
  const answer = await traceCall(rpc, call, { block, tracer: { tracer: 'callTracer' } }).catch(
    () => undefined,
  )
  return framesIfAny(answer, 'trace of an unknown call')
}

/** The target to which it delegates an unknown call, wherever it keeps the address. */
function* byBehaviour(frames: readonly Frame[]): Generator<Behind> {
  for (let at = frames[0]; at !== undefined; ) {
    const next = frames.find(({ parent, type, input }) => {
      return parent === at?.index && type === 'DELEGATECALL' && input === UNKNOWN_CALL
    })
    if (next?.to !== undefined && next.to !== null)
      yield { kind: 'a proxy that passes on what it does not know', to: next.to }
    at = next
  }
}

async function* byViews(rpc: Rpc, { origin, bytecode, block }: Place): AsyncGenerator<Behind> {
  const { selectors } = opcodesOf(bytecode)
  for (const { signature, selector } of VIEWS) {
    if (!selectors.has(selector)) continue
    const to = await answeredAddress(rpc, { to: origin, data: selector, block })
    if (to !== undefined) yield { kind: `a proxy that says so by ${signature}`, to }
  }
}

/** A Safe’s proxy and similar ones have almost no code and almost no functions. */
async function* byFirstSlot(rpc: Rpc, place: Place): AsyncGenerator<Behind> {
  const [to] = await slotAddresses(rpc, place, [FIRST_SLOT])
  if (to !== undefined && opcodesOf(place.bytecode).selectors.size <= 2)
    yield { kind: 'a proxy with its code’s address in its first slot', to }
}

async function answeredAddress(
  rpc: Rpc,
  { to, data, block }: { to: Address; data: Hex; block: BlockTag },
): Promise<Address | undefined> {
  const word: Hex = await callContract(rpc, { to, data }, { block }).catch(() => '0x')
  return word.length === 66 ? known(addressFromWord(word.slice(2))) : undefined
}

/** Also a packed one, with flags above the address, such as `initialized`. */
async function slotAddresses(
  rpc: Rpc,
  { origin, block }: Place,
  slots: readonly Hex[],
): Promise<(Address | undefined)[]> {
  const words = await storageWords(rpc, { address: origin, slots, block })
  return words.map((word) => known(`0x${word.slice(26)}`))
}

/** Precompiles and zero do not count as implementations. */
function known(address: Address | undefined): Address | undefined {
  return address === undefined || BigInt(address) <= 0xffffn ? undefined : address
}
