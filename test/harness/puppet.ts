import { keccak256 } from 'viem'
import type { Rpc } from '../../src/chain/rpc/rpc.ts'
import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import type { Frame, Transaction } from '../../src/model/block.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import { assemble, type Piece, push } from './assembler.ts'

/*
 * Attacks whose contracts are not recorded, only their calls: each such contract is replaced by a puppet that makes the
 * recorded calls again, in the recorded order, callbacks included, and returns the recorded answers. It gives up if a
 * call fails that succeeded in the recording.
 */

export type Puppets = {
  /** The attack as it was sent. */
  call: SimulatedCall
  code: ReadonlyMap<Address, Hex>
}

/** One entry into a puppet: its calls, and its answer. */
type Act = {
  puppet: Address
  input: Hex
  steps: Frame[]
  output: Hex
  fails: boolean
  /** Counted acts of this puppet that came before. */
  turn: number
  /** An act that calls others and may write; the rest are distinguished by their input. */
  isCounted: boolean
}

/** Foundry’s cheat codes and its console are not part of the attack. */
const NO_CONTRACTS: ReadonlySet<string> = new Set([
  '0x7109709ecfa91a80626ff3989d68f67f5b1dd12d',
  '0x000000000000000000636f6e736f6c652e6c6f67',
])
const PLENTY = `0x${(10n ** 30n).toString(16)}`

/**
 * The puppets of a recorded transaction: for its destination, the contracts that it created, and accounts that it
 * impersonated. Null if it impersonated a contract, which cannot be replaced.
 */
export function puppetsOf(
  { frames }: Pick<Transaction, 'frames'>,
  isContract: (address: Address) => boolean,
): Puppets | null {
  const [root] = frames
  if (root === undefined || root.from === null || root.to === null) return null
  const puppets = actorsOf(frames, root.to, isContract)
  const stolen = impersonated(frames, puppets)
  if ([...stolen].some(isContract)) return null
  for (const address of stolen) puppets.add(address)
  const acts = actsOf(frames, puppets)
  const code = new Map([...puppets].map((puppet) => [puppet, codeOf(acts, puppet)] as const))
  return {
    call: { from: root.from, to: root.to, data: root.input, value: root.value, gas: 55_000_000 },
    code,
  }
}

export async function installPuppets(rpc: Rpc, { code }: Puppets): Promise<void> {
  for (const [address, bytecode] of code) {
    await rpc.request('anvil_setCode', [address, bytecode])
    await rpc.request('anvil_setBalance', [address, PLENTY])
  }
}

/**
 * The destination, the contracts that it created, and the called ones without code on the fork: created before, and not
 * recorded.
 */
function actorsOf(
  frames: readonly Frame[],
  first: Address,
  isContract: (address: Address) => boolean,
): Set<Address> {
  const actors = new Set([first])
  const made = new Set(
    frames.flatMap(({ type, to }) => (type.startsWith('CREATE') && to !== null ? [to] : [])),
  )
  for (const { index, to, output, type, input } of frames) {
    if (to === null || made.has(to) || isContract(to) || NO_CONTRACTS.has(to) || BigInt(to) <= 0xffffn)
      continue
    const acts = output !== '0x' || input !== '0x' || frames.some(({ parent }) => parent === index)
    if (acts && type !== 'SELFDESTRUCT') actors.add(to)
  }
  for (const { type, from, to } of frames)
    if (type.startsWith('CREATE') && from !== null && actors.has(from) && to !== null) actors.add(to)
  return actors
}

/** Accounts in whose name a puppet called: the recorded test impersonated them. */
function impersonated(frames: readonly Frame[], puppets: ReadonlySet<Address>): Set<Address> {
  const stolen = new Set<Address>()
  for (const { from, parent } of frames) {
    const caller = frames[parent]?.context
    if (caller !== undefined && caller !== null && puppets.has(caller) && from !== null && from !== caller)
      if (!puppets.has(from)) stolen.add(from)
  }
  return stolen
}

function actsOf(frames: readonly Frame[], puppets: ReadonlySet<Address>): Act[] {
  const turns = new Map<Address, number>()
  const acts: Act[] = []
  const add = (act: Omit<Act, 'turn' | 'isCounted'>, { isStatic, reverted }: Circumstances): void => {
    const turn = turns.get(act.puppet) ?? 0
    const isCounted = act.steps.length > 0 && !isStatic
    acts.push({ ...act, turn, isCounted })
    // an act that failed as a whole leaves the count unchanged
    if (isCounted && !reverted) turns.set(act.puppet, turn + 1)
  }
  for (const frame of frames) {
    const { from, to, type, context, input, output, error, reverted } = frame
    const at = { isStatic: isStatic(frames, frame), reverted }
    const caller = frames[frame.parent]?.context ?? null
    if (caller !== null && puppets.has(caller) && from !== null && from !== caller && puppets.has(from))
      add({ puppet: from, input: '0x', steps: [frame], output: '0x', fails: false }, at)
    if (to === null || !puppets.has(to) || context !== to || type === 'SELFDESTRUCT') continue
    const isMade = type.startsWith('CREATE')
    const steps = stepsOf(frames, frame, puppets)
    const said = { input: isMade ? '0x' : input, output: isMade ? '0x' : output } as const
    add({ puppet: to, ...said, steps, fails: error !== null }, at)
  }
  return acts
}

type Circumstances = { isStatic: boolean; reverted: boolean }

function isStatic(frames: readonly Frame[], frame: Frame): boolean {
  for (let at: Frame | undefined = frame; at !== undefined; at = frames[at.parent])
    if (at.type === 'STATICCALL') return true
  return false
}

/** The calls that a frame of a puppet makes itself; code that it borrows from another puppet counts as its own. */
function stepsOf(frames: readonly Frame[], frame: Frame, puppets: ReadonlySet<Address>): Frame[] {
  return frames
    .filter(({ parent }) => parent === frame.index)
    .flatMap((child) => {
      if (child.to !== null && NO_CONTRACTS.has(child.to)) return []
      const isBorrowed = child.type === 'DELEGATECALL' && child.to !== null && puppets.has(child.to)
      return isBorrowed ? stepsOf(frames, child, puppets) : [child]
    })
}

/** The slot in which a puppet counts its played acts. */
const COUNT = `7f${'50'.repeat(32)}`
const [SLOAD, SSTORE, EQ, AND, ISZERO, JUMPI] = ['54', '55', '14', '16', '15', '57'] as const
const [DUP1, DUP3, POP] = ['80', '82', '50'] as const
/** Gas of a plain transfer: too little to do anything with. */
const STIPEND = 2_301

function codeOf(acts: readonly Act[], puppet: Address): Hex {
  const own = acts.filter((act) => act.puppet === puppet)
  const data: string[] = []
  const keep = (hex: Hex): number => data.push(hex.slice(2)) - 1
  const silent = own.filter(({ isCounted }) => !isCounted)
  const busy = own.filter(({ isCounted }) => isCounted)
  const pieces: Piece[] = [
    // a transfer with the stipend: nothing to do
    ...[{ bytes: `5a${push(STIPEND)}11` }, { push: 'end' }, { bytes: JUMPI }],
    // stack: turn, hash of the input
    { bytes: `36600060003736600020${COUNT}${SLOAD}` },
  ]
  for (const [i, { input, turn }] of silent.entries())
    pieces.push(
      { bytes: `${DUP1}${push(turn)}${EQ}${DUP3}7f${keccak256(input).slice(2)}${EQ}${AND}` },
      { push: `silent${i}` },
      { bytes: JUMPI },
    )
  for (const [i, { turn }] of busy.entries())
    pieces.push({ bytes: `${DUP1}${push(turn)}${EQ}` }, { push: `busy${i}` }, { bytes: JUMPI })
  pieces.push({ label: 'end' }, { bytes: '00' })
  const play = (act: Act): Piece[] => [
    ...act.steps.flatMap((step) => calling(step, puppet, keep)),
    ...ending(act, keep),
  ]
  for (const [i, act] of silent.entries()) pieces.push({ label: `silent${i}` }, ...play(act))
  for (const [i, act] of busy.entries())
    pieces.push({ label: `busy${i}` }, { bytes: `600101${COUNT}${SSTORE}${POP}` }, ...play(act))
  pieces.push({ label: 'gaveUp' }, { bytes: '3d600060003e3d6000fd' })
  return assemble(pieces, data)
}

function ending({ output, fails }: Act, keep: (hex: Hex) => number): Piece[] {
  const size = push((output.length - 2) / 2)
  return [{ bytes: size }, { pushData: keep(output) }, { bytes: `600039${size}6000${fails ? 'fd' : 'f3'}` }]
}

function calling(step: Frame, puppet: Address, keep: (hex: Hex) => number): Piece[] {
  const { type, to, from, value, input, error } = step
  if (to === null) return []
  // an impersonated account makes the call; a puppet’s constructor is a call of it
  const isOther = from !== null && from !== puppet && type !== 'DELEGATECALL' && type !== 'CALLCODE'
  const isMade = type.startsWith('CREATE') || type === 'SELFDESTRUCT'
  const callee = isOther ? (from ?? to) : to
  const sent = isOther || isMade ? '0x' : input
  const size = push((sent.length - 2) / 2)
  const amount = isOther ? '' : push(value)
  const head = `60006000${size}6000`
  const target = `73${callee.slice(2)}5a`
  const op = isOther || isMade ? 'CALL' : type
  const call =
    op === 'STATICCALL'
      ? `${head}${target}fa`
      : op === 'DELEGATECALL'
        ? `${head}${target}f4`
        : `${head}${amount === '' ? '6000' : amount}${target}${op === 'CALLCODE' ? 'f2' : 'f1'}`
  return [
    ...[{ bytes: size }, { pushData: keep(sent) }, { bytes: `600039${call}` }],
    ...(error === null ? [{ bytes: ISZERO }, { push: 'gaveUp' }, { bytes: JUMPI }] : [{ bytes: POP }]),
  ]
}
