import { decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { StateCall, StateRead } from '../../model/state-read.ts'
import { ifMalformed, isMalformed } from '../methods/answer.ts'
import { callContract } from '../methods/call.ts'
import { getCode } from '../methods/get-code.ts'
import type { Rpc } from './rpc.ts'

/** Multicall3, at one address on more than 250 chains (multicall3.com). */
const MULTICALL: Address = '0xca11bde05977b3631167028862be2a173976ca11'
const abi = parseAbi([
  'struct Call { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call[] calls) view returns (Result[])',
])
/** Maximum calls per request: nodes limit the gas of `eth_call`. */
const BATCH = 100

/** Whether a chain has Multicall3: deployed code stays, missing code may be deployed later. */
const found = new WeakMap<Rpc, { isThere: boolean; askedAt: number }>()
/** Milliseconds until a chain without it is checked again. */
const ASK_AGAIN_MS = 60_000

/**
 * The answers of view calls on the state after a block, in the given order: through Multicall3 where it has code, else
 * one by one. A call that reverts has the answer null. Throws `chain.EndpointFailed` where no node answers.
 */
export async function readState(rpc: Rpc, calls: readonly StateCall[], block: number): Promise<StateRead[]> {
  if (!(await hasMulticall(rpc, block)))
    return Promise.all(calls.map(async (call) => ({ ...call, answer: await single(rpc, call, block) })))
  const reads: StateRead[] = []
  for (let i = 0; i < calls.length; i += BATCH)
    reads.push(...(await batch(rpc, calls.slice(i, i + BATCH), block)))
  return reads
}

async function hasMulticall(rpc: Rpc, block: number): Promise<boolean> {
  const known = found.get(rpc)
  if (known !== undefined && (known.isThere || performance.now() - known.askedAt < ASK_AGAIN_MS))
    return known.isThere
  const isThere = (await getCode(rpc, MULTICALL, block).catch(ifMalformed('0x'))) !== '0x'
  found.set(rpc, { isThere, askedAt: performance.now() })
  return isThere
}

async function batch(rpc: Rpc, calls: readonly StateCall[], block: number): Promise<StateRead[]> {
  const args = [calls.map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }))] as const
  const data = encodeFunctionData({ abi, functionName: 'aggregate3', args })
  const answer = await ask(rpc, { to: MULTICALL, data }, block)
  const results = answer === null ? null : resultsOf(answer)
  // A batch that fails as a whole (gas, a lying proxy) is repeated one by one.
  if (results?.length !== calls.length)
    return Promise.all(calls.map(async (call) => ({ ...call, answer: await single(rpc, call, block) })))
  return calls.map((call, i) => ({ ...call, answer: answerOf(results[i]) }))
}

type Result = { success: boolean; returnData: Hex }

function resultsOf(answer: Hex): readonly Result[] | null {
  try {
    return decodeFunctionResult({ abi, functionName: 'aggregate3', data: answer })
  } catch {
    return null
  }
}

function answerOf(result: Result | undefined): Hex | null {
  return result?.success === true && result.returnData !== '0x' ? result.returnData : null
}

async function single(rpc: Rpc, call: StateCall, block: number): Promise<Hex | null> {
  const answer = await ask(rpc, call, block)
  return answer === '0x' ? null : answer
}

/** Null where the call was refused; nodes that do not answer are an error. */
async function ask(rpc: Rpc, { to, data }: StateCall, block: number): Promise<Hex | null> {
  try {
    return await callContract(rpc, { to, data }, { block })
  } catch (thrown) {
    if (isMalformed(thrown)) return null
    if (thrown instanceof CordonError && thrown.code === 'chain.RpcRefused' && isRevert(thrown)) return null
    throw thrown
  }
}

/** Geth and similar nodes answer a revert with code 3; others only in the message. */
function isRevert(thrown: CordonError): boolean {
  return thrown.facts['code'] === 3 || /revert|invalid opcode|out of gas/i.test(messageOf(thrown))
}
