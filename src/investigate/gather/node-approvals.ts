import { z } from 'zod'
import { getLogs, type LogFilter } from '../../chain/methods/get-logs.ts'
import { ask } from '../../contain/reading/call.ts'
import { exposureOf, lesser } from '../../forensics/exposure.ts'
import { type Address, addressFromWord, addressSchema, type Hash, hexSchema } from '../../model/hex.ts'
import type { ScopeApproval } from '../../model/scope-at-risk.ts'
import { asked, type Questions } from './questions.ts'

const APPROVAL = '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925'
const CHUNK = 2_000
const MOST_CHUNKS = 50
const MOST_SPENDERS = 8
const MOST_ASKED = 300
const MOST_LISTED = 200

export type ApprovalsOptions = {
  /** Known from the record already. */
  seen: readonly ScopeApproval[]
  /** Compromised contracts. */
  spenders: readonly Address[]
  /** Blocks before `head` whose logs are read. */
  window: number
  head: number
}

/**
 * Approvals to compromised contracts that are still outstanding: those of the record and those of `Approval` logs in a
 * window of blocks, each with its current allowance and balance on the chain. Ended ones are left out.
 */
export async function outstanding(
  questions: Questions,
  options: ApprovalsOptions,
): Promise<{ approvals: ScopeApproval[]; exposure: ReturnType<typeof exposureOf> }> {
  const given = [...options.seen, ...(await fromLogs(questions, options))]
  const pairs = new Map(given.map((one) => [`${one.owner}/${one.spender}/${one.asset}`, one]))
  if (pairs.size > MOST_ASKED)
    questions.unknown.add(`only ${MOST_ASKED} of ${pairs.size} approvals were looked at`)
  const approvals: ScopeApproval[] = []
  const balances = new Map<string, bigint>()
  for (const { owner, spender, asset, amount } of [...pairs.values()].slice(0, MOST_ASKED)) {
    const at = { rpc: questions.rpc, block: options.head }
    const view = 'allowance(address owner, address spender) view returns (uint256)'
    const [allowance] = (await ask(at, { to: asset, view, args: [owner, spender] })) ?? []
    const held =
      balances.get(`${owner}/${asset}`) ?? (await balanceOf(questions, { owner, asset, head: options.head }))
    if (typeof allowance !== 'bigint' || held === undefined) {
      // not an ERC-20, or one that does not answer: the recorded values stay
      approvals.push({ owner, spender, asset, amount })
      continue
    }
    balances.set(`${owner}/${asset}`, held)
    if (allowance > 0n)
      approvals.push({
        owner,
        spender,
        asset,
        amount: allowance,
        exposed: lesser(allowance, held),
      })
  }
  const most = [...approvals].sort((a, b) => compare(b.exposed ?? 0n, a.exposed ?? 0n))
  return { approvals: most.slice(0, MOST_LISTED), exposure: exposureOf(approvals, balances) }
}

function compare(a: bigint, b: bigint): number {
  return a > b ? 1 : a < b ? -1 : 0
}

async function balanceOf(
  questions: Questions,
  { owner, asset, head }: { owner: Address; asset: Address; head: number },
): Promise<bigint | undefined> {
  const view = 'balanceOf(address owner) view returns (uint256)'
  const [held] = (await ask({ rpc: questions.rpc, block: head }, { to: asset, view, args: [owner] })) ?? []
  return typeof held === 'bigint' ? held : undefined
}

const logSchema = z.object({ address: addressSchema, topics: z.array(hexSchema).length(3) })

async function fromLogs(
  questions: Questions,
  { spenders, window, head }: ApprovalsOptions,
): Promise<ScopeApproval[]> {
  const topics: LogFilter['topics'] = [
    APPROVAL,
    null,
    spenders.slice(0, MOST_SPENDERS).map((it): Hash => `0x${it.slice(2).padStart(64, '0')}`),
  ]
  const first = Math.max(0, head - Math.min(window, CHUNK * MOST_CHUNKS) + 1)
  const found: ScopeApproval[] = []
  if (spenders.length === 0) return found
  for (let from = first; from <= head && found.length < MOST_ASKED; from += CHUNK) {
    const to = Math.min(from + CHUNK - 1, head)
    const filter = { fromBlock: from, toBlock: to, topics }
    const about = `approvals of blocks ${from} to ${to}`
    const logs = await asked(questions, about, (rpc) => getLogs(rpc, z.unknown(), filter))
    if (logs === undefined) return found
    for (const raw of logs) {
      const log = logSchema.safeParse(raw)
      const [, owner, spender] = log.data?.topics.map((topic) => addressFromWord(topic.slice(2))) ?? []
      if (log.data !== undefined && owner !== undefined && spender !== undefined)
        found.push({ owner, spender, asset: log.data.address, amount: 0n })
    }
  }
  return found
}
