import { type AbiFunction, decodeFunctionResult, encodeFunctionData, parseAbiItem } from 'viem'
import { callContract } from '../../chain/methods/call.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address, Hex } from '../../model/hex.ts'

/** The content of a transaction: its destination, its calldata, and wei. */
export type Call = { to: Address; data: Hex; value: bigint }

/** Gas for an informational view: a contract that burns all available gas costs no more time than this. */
export const VIEW_GAS = 5_000_000n

/** Calldata by a signature: `encodeCall('pause()')`. */
export function encodeCall(signature: string, args: readonly unknown[] = []): Hex {
  const abi = parseAbiItem(`function ${signature}`) as AbiFunction
  return encodeFunctionData({ abi: [abi], args }).toLowerCase() as Hex
}

/** A function of a contract with its arguments: `view` includes its return types. */
export type Question = { to: Address; view: string; args?: readonly unknown[]; from?: Address }
export type At = { rpc: Rpc; block: number | 'latest' }

/** The answer of a function, or null where it reverts or the answer has another form. A contract may lie here. */
export async function ask(
  { rpc, block }: At,
  { to, view, args = [], from }: Question,
): Promise<readonly unknown[] | null> {
  const abi = parseAbiItem(`function ${view}`) as AbiFunction
  const data = encodeFunctionData({ abi: [abi], args })
  const call = { to, data, ...(from === undefined ? {} : { from }) }
  try {
    const decoded: unknown = decodeFunctionResult({
      abi: [abi],
      data: await callContract(rpc, call, { block }),
    })
    return abi.outputs.length > 1 ? (decoded as readonly unknown[]) : [decoded]
  } catch {
    return null
  }
}

/** True where a call would succeed now. */
export async function goesThrough({ rpc, block }: At, call: Call & { from: Address }): Promise<boolean> {
  const { from, to, data, value } = call
  return callContract(rpc, { from, to, data, value }, { block }).then(
    () => true,
    () => false,
  )
}
