import { toFunctionSelector } from 'viem'
import { toHex } from '../../chain/methods/block-tag.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { StateChange } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { isSomebody } from '../authority/named.ts'
import { leverTemplates } from '../levers/registry.ts'
import { goesThrough } from '../reading/call.ts'
import { resolveCode } from '../reading/code.ts'
import type { Sequencer } from '../trials/sequence.ts'
import { tryLever } from '../trials/simulate.ts'
import { stateDiff } from '../trials/state-diff.ts'
import type { Reproduced } from '../trials/trial.ts'
import { isGated } from './protocol-levers.ts'

export type ProbingOptions = {
  rpc: Rpc
  sequencer: Sequencer
  chainId: number
  block: number
  /** The attacked contract first, then others of its protocol. */
  contracts: readonly Address[]
  /** The attack's result without any lever. */
  attack: Reproduced
  /** The accounts that the defender knows: our signers, people in roles, accounts that the attacked contract names. */
  owners: readonly Address[]
  /** The names of functions, by selector. */
  names: ReadonlyMap<Hex, string>
}

/** Limits on contracts searched, functions of one, and calls tried against the attack. */
const MOST_CONTRACTS = 6
const MOST_FUNCTIONS = 200
/** A fork takes a second per call, a simulation some milliseconds. */
const MOST_TRIED = { eth_simulateV1: 64, fork: 12 } as const
const MOST_OWNERS = 6
const AT_ONCE = 8

/** Calls that only look like containment: they give away power or money, or end something irreversibly. */
const HARMFUL =
  /owner|admin|govern|upgrade|implementation|withdraw|sweep|rescue|recover|mint|burn|destr|migrat|transfer(?!s?(pause|enabled))|initiali|approve|claim|skim|drain|delegate|role|minter/i

/** The same where no known table has the name: they give the contract away or point it elsewhere. */
const GIVE_AWAY: ReadonlySet<Hex> = new Set(
  [
    ...['transferOwnership(address)', 'renounceOwnership()', 'changeOwner(address)', 'setOwner(address)'],
    ...['changeAdmin(address)', 'setAdmin(address)', 'transferAdmin(address)', 'setPendingAdmin(address)'],
    ...[
      '_setPendingAdmin(address)',
      '_setAdmin(address)',
      'transferGovernance(address)',
      'setGovernor(address)',
    ],
    ...[
      'setGovernance(address)',
      'setGov(address)',
      'transferProxyOwnership(address)',
      'setAuthority(address)',
    ],
    ...['upgradeTo(address)', 'upgradeToAndCall(address,bytes)', 'setImplementation(address)'],
    ...['_setImplementation(address,bool,bytes)', '_setPendingImplementation(address)', 'setTarget(address)'],
    ...['nominateNewOwner(address)', 'transferMultisig(address)', 'setMinter(address)', 'addMinter(address)'],
    ...['setController(address)', 'setRouter(address)', 'setOperator(address)', 'setKeeper(address)'],
    ...['setStrategist(address)', 'setTreasury(address)', 'setOracle(address)', 'setPriceOracle(address)'],
    ...[
      '_setPriceOracle(address)',
      'destroy()',
      'selfDestruct()',
      'close()',
      'withdrawAll()',
      'sweep(address)',
    ],
  ].map((signature) => toFunctionSelector(signature)),
)

const known: ReadonlySet<string> = new Set(leverTemplates.map(({ signature }) => signature))

/**
 * Levers that no template knows: calls that only the owner may make, with flags, zeros and the attacked contract as
 * arguments, after which the attack fails. Each is marked as found by probing and was tried against this one attack
 * only: people must review it. Nothing is sent. Throws the node's errors.
 */
export async function probeForLevers(options: ProbingOptions): Promise<Lever[]> {
  const { sequencer, attack } = options
  if (attack.doubt !== null || (!attack.succeeded && attack.losses.length === 0)) return []
  const calls = await inTurn(options.contracts.slice(0, MOST_CONTRACTS), (contract) =>
    ownersCalls(options, contract),
  )
  const candidates = calls.flat().slice(0, MOST_TRIED[sequencer.method])
  const stopped = await inTurn(candidates, (call) => stops(options, call))
  const found = candidates.filter((_, i) => stopped[i])
  return Promise.all(unique(found).map(async (call) => leverOf(options, call, await undoOf(options, call))))
}

type OwnersCall = { contract: Address; selector: Hex; words: readonly bigint[]; from: Address }

const dataOf = ({ selector, words }: Pick<OwnersCall, 'selector' | 'words'>): Hex =>
  `${selector}${words.map((word) => word.toString(16).padStart(64, '0')).join('')}`

/** The calls of a contract that its owner may make and a stranger may not. */
async function ownersCalls(options: ProbingOptions, contract: Address): Promise<OwnersCall[]> {
  const { rpc, block, names } = options
  const { selectors } = await resolveCode(rpc, contract, toHex(block))
  const owners = [...new Set(options.owners)].filter(isSomebody).slice(0, MOST_OWNERS)
  const worth = [...selectors]
    .filter((selector) => !GIVE_AWAY.has(selector) && !HARMFUL.test(names.get(selector) ?? ''))
    .slice(0, MOST_FUNCTIONS)
  const calls = await inTurn(worth, async (selector) => {
    for (const from of owners) {
      const made = await Promise.all(
        shapesOf(options.contracts[0] ?? contract, names.get(selector)).map((words) => {
          const call = { contract, selector, words, from }
          return isWorthTrying(call, options).then((is) => (is ? call : undefined))
        }),
      )
      const passing = made.filter((call) => call !== undefined)
      // surplus words change nothing: the call is the one with the fewest words
      if (passing.length > 0) return fewest(passing)
    }
    return []
  })
  return calls.flat()
}

/**
 * No argument, a flag, a zero, the attacked contract with a flag or a zero; of a function whose signature is known, those with
 * as many words as it takes. Surplus words pass too, and `pause()` with one would be a lever that nobody knows to be pulled.
 */
function shapesOf(target: Address, signature: string | undefined): readonly (readonly bigint[])[] {
  const contract = BigInt(target)
  const shapes = [[], [1n], [0n], [contract], [contract, 1n], [contract, 0n]]
  if (signature === undefined) return shapes
  const types = signature.slice(signature.indexOf('(') + 1, -1)
  const taken = types === '' ? 0 : types.split(',').length
  return shapes.filter(({ length }) => length === taken)
}

function fewest(calls: readonly OwnersCall[]): OwnersCall[] {
  const least = Math.min(...calls.map(({ words }) => words.length))
  return calls.filter(({ words }) => words.length === least)
}

async function isWorthTrying(call: OwnersCall, options: ProbingOptions): Promise<boolean> {
  return (await isOwners(call, options)) && (await isMeaningful(call, options))
}

/**
 * An argument that is neither a number nor a flag, such as an address, is not set to 0 or 1: that breaks the contract
 * instead of stopping it cleanly.
 */
async function isMeaningful(call: OwnersCall, options: ProbingOptions): Promise<boolean> {
  const { words } = call
  if (words.length !== 1 || (words[0] ?? 0n) > 1n) return true
  const passesWith = (word: bigint): Promise<boolean> => isOwners({ ...call, words: [word] }, options)
  if (!(await passesWith(2n))) return true
  // a setter that accepts 2 as well as 1 is a flag only in code that folds every number into one
  return words[0] === 1n ? isFolded(call, options) : isNumber(call, options)
}

async function isFolded(call: OwnersCall, options: ProbingOptions): Promise<boolean> {
  const [one, two] = await Promise.all([1n, 2n].map((word) => writtenBy(call, word, options)))
  return one !== null && JSON.stringify(one) === JSON.stringify(two)
}

const BEYOND_ADDRESSES = 2n ** 200n

/** True where the stored value keeps more bits than an address has. */
async function isNumber(call: OwnersCall, options: ProbingOptions): Promise<boolean> {
  const written = await writtenBy(call, BEYOND_ADDRESSES, options)
  return written?.some(({ after }) => BigInt(after ?? 0) === BEYOND_ADDRESSES) === true
}

function writtenBy(
  call: OwnersCall,
  word: bigint,
  { rpc, block }: ProbingOptions,
): Promise<StateChange[] | null> {
  const data = dataOf({ ...call, words: [word] })
  return stateDiff(rpc, { from: call.from, to: call.contract, data, value: 0n }, block)
}

async function isOwners(call: OwnersCall, { rpc, block }: ProbingOptions): Promise<boolean> {
  const data = dataOf(call)
  const passes = await goesThrough({ rpc, block }, { from: call.from, to: call.contract, data, value: 0n })
  return passes && isGated({ target: call.contract, calldata: data }, { rpc, block })
}

/** Whether the call succeeds and the attack takes nothing after it. */
async function stops(options: ProbingOptions, call: OwnersCall): Promise<boolean> {
  const { rpc, sequencer, block, attack, contracts } = options
  const evidence = `only ${call.from} may call it, of those who are known`
  const authority = { kind: 'eoa', address: call.from, evidence, live: false, balance: 0n } as const
  const lever = { ...leverOf(options, call, null), authority }
  const protects = contracts[0] ?? call.contract
  const { leverSucceeded, attack: verdict } = await tryLever({
    rpc,
    sequencer,
    lever,
    block,
    attack,
    protects,
  })
  return leverSucceeded && verdict === 'stopped'
}

/** One call per function: the one that sets a flag is preferred. */
function unique(calls: readonly OwnersCall[]): OwnersCall[] {
  const byFunction = new Map<string, OwnersCall>()
  for (const call of calls) {
    const key = `${call.contract}:${call.selector}`
    if (!byFunction.has(key)) byFunction.set(key, call)
  }
  return [...byFunction.values()]
}

function leverOf(options: ProbingOptions, call: OwnersCall, undo: Hex | null): Lever {
  const { chainId, block, names } = options
  const { contract, selector, words, from } = call
  const calldata = dataOf(call)
  const signature = names.get(selector) ?? `unknown_${selector}(${words.map(typeOf).join(',')})`
  return {
    id: `${chainId}:${contract}:${calldata}`,
    chainId,
    target: contract,
    implementation: contract,
    template: 'probed',
    protocol: 'unknown',
    kind: 'pause',
    breadth: 'contract',
    scope: 'what it does besides stopping the attack is not known',
    signature,
    calldata,
    undo: undo === null ? null : { signature, calldata: undo },
    caller: null,
    authority: null,
    state: [],
    armed: true,
    opEffects: {},
    claims: {},
    trap: 'found by probing, tried against this attack alone: read what else it does before it is pulled',
    maxDurationSeconds: null,
    evidence: [
      `found by probing at block ${block}: only ${from} may call it, and the attack takes nothing after it`,
      ...(known.has(signature) || names.has(selector) ? [] : [`nobody knows the name of ${selector}`]),
    ],
  }
}

function typeOf(word: bigint): string {
  if (word > 0xffffffffn) return 'address'
  return word === 1n ? 'bool' : 'uint256'
}

/** The same flag inverted, where the owner may set that too. */
async function undoOf({ rpc, block }: ProbingOptions, call: OwnersCall): Promise<Hex | null> {
  const last = call.words.at(-1)
  if (last !== 1n) return null
  const data = dataOf({ ...call, words: [...call.words.slice(0, -1), 0n] })
  const passes = await goesThrough({ rpc, block }, { from: call.from, to: call.contract, data, value: 0n })
  return passes ? data : null
}

/** Runs a few in parallel; the results keep the order. */
async function inTurn<A, B>(items: readonly A[], act: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = []
  for (let i = 0; i < items.length; i += AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(act))))
  return results
}
