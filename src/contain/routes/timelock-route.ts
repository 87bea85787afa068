import { keccak256, stringToHex } from 'viem'
import type { Route } from '../../model/containment.ts'
import type { Address, Hash } from '../../model/hex.ts'
import { hashSchema, ZERO_ADDRESS } from '../../model/hex.ts'
import { type At, ask, type Call, encodeCall } from '../reading/call.ts'
import type { FoundRoute, Reach } from './reach.ts'

type TimelockRoute = Extract<Route, { kind: 'timelock' }>

const PROPOSER = keccak256(stringToHex('PROPOSER_ROLE'))
const EXECUTOR = keccak256(stringToHex('EXECUTOR_ROLE'))
const NO_PREDECESSOR: Hash = `0x${'0'.repeat(64)}`
/** A year: longer delays are considered false. */
const MOST_DELAY = 31_536_000

/**
 * The route through an OpenZeppelin TimelockController: one of our proposers schedules, an executor (or any account)
 * executes.
 */
export async function timelockRoutes(_call: Call, timelock: Address, reach: Reach): Promise<FoundRoute[]> {
  const answer = await ask(reach, { to: timelock, view: 'getMinDelay() view returns (uint256)' })
  const delay = answer?.[0]
  if (typeof delay !== 'bigint' || delay > MOST_DELAY) return []
  const holds = async (role: Hash, account: Address): Promise<boolean> => {
    const view = 'hasRole(bytes32 role, address account) view returns (bool)'
    return (await ask(reach, { to: timelock, view, args: [role, account] }))?.[0] === true
  }
  const first = async (role: Hash): Promise<Address | null> => {
    for (const signer of reach.signers) if (await holds(role, signer)) return signer
    return null
  }
  const proposer = await first(PROPOSER)
  if (proposer === null) return []
  const executor = (await holds(EXECUTOR, ZERO_ADDRESS)) ? proposer : await first(EXECUTOR)
  const delaySeconds = Number(delay)
  const route: TimelockRoute = { kind: 'timelock', timelock, proposer, executor, delaySeconds }
  const text = `${proposer} may propose to the timelock ${timelock}; ${executor ?? 'somebody else'} executes ${delaySeconds} seconds later`
  return [{ route, seconds: delaySeconds, isLive: true, text }]
}

const OPERATION = 'address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt'

/** One plan, one operation: the salt is the plan, so the same pause can be scheduled again for another incident. */
function operation(planId: string, { to, value, data }: Call): readonly unknown[] {
  return [to, value, data, NO_PREDECESSOR, saltOf(planId)]
}

function saltOf(planId: string): Hash {
  return keccak256(stringToHex(planId))
}

export function timelockScheduleCall(
  { timelock, delaySeconds }: TimelockRoute,
  call: Call,
  planId: string,
): Call {
  const args = [...operation(planId, call), BigInt(delaySeconds)]
  return { to: timelock, value: 0n, data: encodeCall(`schedule(${OPERATION}, uint256 delay)`, args) }
}

export function timelockExecuteCall({ timelock }: TimelockRoute, call: Call, planId: string): Call {
  const data = encodeCall(`execute(${OPERATION}) payable`, operation(planId, call))
  return { to: timelock, value: call.value, data }
}

/** When a plan's operation can be executed, seconds since the epoch; null where it is not waiting. */
export async function timelockReadyAt(
  { timelock }: TimelockRoute,
  { call, planId }: { call: Call; planId: string },
  at: At,
): Promise<number | null> {
  const view = `hashOperation(${OPERATION}) pure returns (bytes32)`
  const answer = await ask(at, { to: timelock, view, args: operation(planId, call) })
  const id = hashSchema.safeParse(answer?.[0])
  if (!id.success) return null
  const time = await ask(at, {
    to: timelock,
    view: 'getTimestamp(bytes32 id) view returns (uint256)',
    args: [id.data],
  })
  // 0: unknown, 1: executed
  const seconds = Number(time?.[0] ?? 0)
  return seconds > 1 ? seconds : null
}
