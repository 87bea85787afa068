import { isMalformed } from '../../chain/methods/answer.ts'
import { getBalance } from '../../chain/methods/get-balance.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import { getTransactionCount } from '../../chain/methods/get-transaction-count.ts'
import { type Capabilities, probeCapabilities } from '../../chain/rpc/capabilities.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'

/** Queries to a node, counted: an investigation stays within its budget, and states what it could not learn. */
export type Questions = {
  rpc: Rpc
  capabilities: Capabilities
  left: number
  /** Answers that could not be obtained, each once. */
  unknown: Set<string>
}

export async function startQuestions(rpc: Rpc, budget: number): Promise<Questions> {
  return { rpc, capabilities: await probeCapabilities(rpc), left: budget, unknown: new Set() }
}

/** An answer, or undefined if the budget is used up or the node refuses; `about` describes the missing answer. */
export async function asked<T>(
  questions: Questions,
  about: string,
  ask: (rpc: Rpc) => Promise<T>,
): Promise<T | undefined> {
  if (questions.left <= 0) {
    questions.unknown.add(
      'more was to be asked than an investigation asks a node: some actors’ history is left out',
    )
    return undefined
  }
  questions.left--
  try {
    return await ask(questions.rpc)
  } catch (thrown) {
    if (isMalformed(thrown)) return undefined
    questions.unknown.add(`${about}: the node does not tell: ${messageOf(thrown).slice(0, 200)}`)
    return undefined
  }
}

export function codeAt(
  questions: Questions,
  address: Address,
  block: number | 'latest',
): Promise<Hex | undefined> {
  return asked(questions, `code of ${address} at block ${block}`, (rpc) => getCode(rpc, address, block))
}

/** The current code, which every node has, or, if it is gone, the code at a block; undefined if there is none. */
export async function lastCodeOf(
  questions: Questions,
  address: Address,
  block: number,
): Promise<Hex | undefined> {
  const now = await codeAt(questions, address, 'latest')
  const code = now === '0x' ? await codeAt(questions, address, block) : now
  return code === '0x' ? undefined : code
}

/** The coin of an account after a block, wei. */
export function balanceAt(
  questions: Questions,
  address: Address,
  block: number,
): Promise<bigint | undefined> {
  return asked(questions, historyOf(address, block), (rpc) => getBalance(rpc, address, block))
}

/** How many transactions an account has sent after a block. */
export function sentAt(questions: Questions, address: Address, block: number): Promise<number | undefined> {
  return asked(questions, historyOf(address, block), (rpc) => getTransactionCount(rpc, { address, block }))
}

function historyOf(address: Address, block: number): string {
  return `history of ${address} at block ${block}`
}

/** A block with its calls; undefined if the budget is used up or the node refuses. */
export async function blockAt(questions: Questions, number: number): Promise<BlockBundle | undefined> {
  if (questions.left <= 0) return undefined
  questions.left -= 3
  const { rpc, capabilities } = questions
  try {
    return await fetchBundle(number, { rpc, capabilities, budgetMs: 20_000 })
  } catch (thrown) {
    questions.unknown.add(`block ${number} could not be read for history: ${messageOf(thrown).slice(0, 200)}`)
    return undefined
  }
}

/**
 * The block after which a condition holds, by bisection: true at `high`, and undefined if the node does not answer (one
 * without an archive). If the condition started several times the result is one of those blocks.
 */
export async function firstBlock(
  high: number,
  holds: (block: number) => Promise<boolean | undefined>,
): Promise<number | undefined> {
  let [low, top] = [-1, high]
  while (top - low > 1) {
    const middle = Math.floor((low + top) / 2)
    const answer = await holds(middle)
    if (answer === undefined) return undefined
    if (answer) top = middle
    else low = middle
  }
  return top
}
