import { type AbiFunction, decodeFunctionResult, encodeFunctionData, parseAbiItem } from 'viem'
import { toHex } from '../../chain/methods/block-tag.ts'
import { callContract } from '../../chain/methods/call.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { VIEW_GAS } from '../reading/call.ts'
import { resolveCode } from '../reading/code.ts'
import type { Subject } from './template.ts'

export type SubjectOptions = {
  rpc: Rpc
  chainId: number
  target: Address
  block: number
  selectors: ReadonlySet<Hex>
  given?: Readonly<Record<string, string>>
}

/** A contract as templates see it. Each question is asked only once. */
export function createSubject(options: SubjectOptions): Subject {
  const { rpc, chainId, target, block, selectors, given = {} } = options
  const asked = new Map<string, Promise<readonly unknown[] | null>>()
  return {
    chainId,
    target,
    block,
    selectors,
    given,
    ask(to, view, args = []) {
      const call = callOf(view, args)
      if (call === null) return Promise.resolve(null)
      const key = `${to}:${view}:${call.data}`
      const known = asked.get(key)
      if (known !== undefined) return known
      const answer = askNode(rpc, { to, block, ...call })
      asked.set(key, answer)
      return answer
    },
    selectorsOf: (address) =>
      resolveCode(rpc, address, toHex(block)).then(
        ({ selectors: known }) => known,
        () => new Set<Hex>(),
      ),
    implementationOf: (address) =>
      resolveCode(rpc, address, toHex(block)).then(
        ({ implementation }) => implementation,
        () => address,
      ),
    now: () => timeOf(rpc, block),
  }
}

async function timeOf(rpc: Rpc, block: number): Promise<bigint | undefined> {
  const found = await getBlock(rpc, block).catch(() => null)
  return found === null || found.timestamp === null ? undefined : BigInt(found.timestamp)
}

type Call = { abi: AbiFunction; data: Hex }

/** Null where the arguments do not fit the view: they may come from a chain or from a person. */
function callOf(view: string, args: readonly unknown[]): Call | null {
  const abi = parseAbiItem(`function ${view}`) as AbiFunction
  try {
    return { abi, data: encodeFunctionData({ abi: [abi], args }) }
  } catch {
    return null
  }
}

async function askNode(
  rpc: Rpc,
  { to, block, abi, data }: Call & { to: Address; block: number },
): Promise<readonly unknown[] | null> {
  try {
    const answer = await callContract(rpc, { to, data, gas: VIEW_GAS }, { block })
    const decoded: unknown = decodeFunctionResult({ abi: [abi], data: answer })
    return lowered(abi.outputs.length > 1 ? (decoded as readonly unknown[]) : [decoded])
  } catch {
    return null
  }
}

/** Addresses are lower case inside Cordon; viem returns them in EIP-55. */
function lowered(values: readonly unknown[]): readonly unknown[] {
  return values.map(lower)
}

function lower(value: unknown): unknown {
  if (typeof value === 'string') return /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value
  if (Array.isArray(value)) return value.map(lower)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, lower(field)]))
}
