import {
  type AbiFunction,
  type AbiParameter,
  decodeFunctionData,
  encodeAbiParameters,
  parseAbiItem,
  toFunctionSelector,
} from 'viem'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { type Call, encodeCall } from '../reading/call.ts'

/*
 * The permissions of Zodiac Roles v2 that allow a member to pull levers and nothing else. Source:
 * zodiac-modifier-roles, packages/evm/contracts/Types.sol and PermissionBuilder.sol.
 */

const TYPE = { none: 0, static: 1, dynamic: 2, array: 4, calldata: 5 } as const
const OPERATOR = { pass: 0, or: 2, matches: 5, equalTo: 16 } as const
/** Neither wei nor a delegate call. */
const NO_OPTIONS = 0

type Condition = { parent: number; paramType: number; operator: number; compValue: Hex }
type Tree = Omit<Condition, 'parent'> & { children: readonly Tree[] }

/** A call of the Safe, and its effect in words. */
export type PermissionCall = Call & { words: string }
export type Permissions = {
  calls: PermissionCall[]
  /** Levers for which no exact permission can be written, with the reason. */
  left: { lever: string; why: string }[]
}

export type PermissionOptions = {
  safe: Address
  modifier: Address
  member: Address
  roleKey: Hash
  levers: readonly Pick<Lever, 'target' | 'signature' | 'calldata' | 'scope'>[]
  /** True where the modifier is already a module of the Safe. */
  isEnabled: boolean
}

const CONDITIONS = '(uint8 parent, uint8 paramType, uint8 operator, bytes compValue)[] conditions'

/**
 * The calls of a Safe that permit the member to pull these levers through the modifier, with exactly their arguments,
 * and nothing else: not to undo them, send wei or delegate.
 */
export function permissionsFor(options: PermissionOptions): Permissions {
  const { safe, modifier, member, roleKey, levers, isEnabled } = options
  const left: Permissions['left'] = []
  const byFunction = new Map<string, { lever: PermissionOptions['levers'][number]; trees: Tree[] }>()
  for (const lever of levers) {
    const tree = treeOf(lever)
    if (typeof tree === 'string') {
      left.push({ lever: `${lever.signature} of ${lever.target}`, why: tree })
      continue
    }
    const key = `${lever.target}:${lever.calldata.slice(0, 10)}`
    const known = byFunction.get(key) ?? { lever, trees: [] }
    byFunction.set(key, { ...known, trees: [...known.trees, tree] })
  }
  if (byFunction.size === 0) return { calls: [], left }
  const on = (signature: string, args: readonly unknown[], words: string): PermissionCall => ({
    to: modifier,
    value: 0n,
    data: encodeCall(signature, args),
    words,
  })
  const calls: PermissionCall[] = []
  if (!isEnabled)
    calls.push({
      to: safe,
      value: 0n,
      data: encodeCall('enableModule(address module)', [modifier]),
      words: `The Safe lets the Roles modifier ${modifier} act for it.`,
    })
  calls.push(
    on(
      'assignRoles(address module, bytes32[] roleKeys, bool[] memberOf)',
      [member, [roleKey], [true]],
      `${member} is given the role.`,
    ),
  )
  for (const target of new Set([...byFunction.values()].map(({ lever }) => lever.target)))
    calls.push(
      on(
        'scopeTarget(bytes32 roleKey, address targetAddress)',
        [roleKey, target],
        `The role may call ${target}, only the functions below.`,
      ),
    )
  for (const { lever, trees } of byFunction.values()) calls.push(functionCall(on, roleKey, { lever, trees }))
  return { calls, left }
}

type On = (signature: string, args: readonly unknown[], words: string) => PermissionCall
type Scoped = { lever: PermissionOptions['levers'][number]; trees: readonly Tree[] }

function functionCall(on: On, roleKey: Hash, { lever, trees }: Scoped): PermissionCall {
  const { target, signature, calldata } = lever
  const selector = calldata.slice(0, 10)
  const [first] = trees
  if (first === undefined || first.children.length === 0)
    return on(
      'allowFunction(bytes32 roleKey, address targetAddress, bytes4 selector, uint8 options)',
      [roleKey, target, selector, NO_OPTIONS],
      `The role may call ${signature} of ${target}, which takes no argument.`,
    )
  const root: Tree =
    trees.length === 1
      ? first
      : { paramType: TYPE.none, operator: OPERATOR.or, compValue: '0x', children: trees }
  return on(
    `scopeFunction(bytes32 roleKey, address targetAddress, bytes4 selector, ${CONDITIONS}, uint8 options)`,
    [roleKey, target, selector, flat(root), NO_OPTIONS],
    `The role may call ${signature} of ${target} with just the arguments of ${trees.length === 1 ? 'this lever' : `these ${trees.length} levers`}.`,
  )
}

/** The condition that a call equals this one, or why no condition can be written. */
function treeOf({ signature, calldata }: Pick<Lever, 'signature' | 'calldata'>): Tree | string {
  const abi = parseAbiItem(`function ${signature}`) as AbiFunction
  if (toFunctionSelector(abi) !== calldata.slice(0, 10)) return 'its calldata is of another function'
  const { args = [] } = decodeFunctionData({ abi: [abi], data: calldata })
  const children: Tree[] = []
  for (const [i, parameter] of abi.inputs.entries()) {
    const child = equals(parameter, (args as readonly unknown[])[i])
    if (child === undefined) return `an argument of type ${parameter.type} cannot be pinned`
    children.push(child)
  }
  return { paramType: TYPE.calldata, operator: OPERATOR.matches, compValue: '0x', children }
}

const STATIC = /^(u?int\d*|address|bool|bytes\d+)$/

/** The condition that an argument equals this value. */
function equals(parameter: AbiParameter, value: unknown): Tree | undefined {
  const compValue = encodeAbiParameters([parameter], [value])
  const pinned = { operator: OPERATOR.equalTo, compValue }
  if (STATIC.test(parameter.type)) return { paramType: TYPE.static, ...pinned, children: [] }
  if (parameter.type === 'bytes' || parameter.type === 'string')
    return { paramType: TYPE.dynamic, ...pinned, children: [] }
  if (STATIC.test(parameter.type.replace(/\[\]$/, ''))) {
    const element: Tree = { paramType: TYPE.static, operator: OPERATOR.pass, compValue: '0x', children: [] }
    return { paramType: TYPE.array, ...pinned, children: [element] }
  }
  return undefined
}

/** Breadth first, as the modifier requires: each with the index of its parent. */
function flat(root: Tree): Condition[] {
  const queue: { tree: Tree; parent: number }[] = [{ tree: root, parent: 0 }]
  for (let i = 0; i < queue.length; i++) {
    const children = queue[i]?.tree.children ?? []
    queue.push(...children.map((tree) => ({ tree, parent: i })))
  }
  return queue.map(({ tree: { paramType, operator, compValue }, parent }) => ({
    parent,
    paramType,
    operator,
    compValue,
  }))
}

/** The calls in the format of the Safe's transaction builder. */
export function transactionBatch(
  { chainId, safe, name }: { chainId: number; safe: Address; name: string },
  calls: readonly PermissionCall[],
): Record<string, unknown> {
  return {
    version: '1.0',
    chainId: String(chainId),
    meta: { name, description: calls.map(({ words }) => words).join(' '), createdFromSafeAddress: safe },
    transactions: calls.map(({ to, value, data }) => ({
      to,
      value: value.toString(),
      data,
      contractMethod: null,
      contractInputsValues: null,
    })),
  }
}
