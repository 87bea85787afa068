import { decodeEventLog, parseAbi, toEventSelector } from 'viem'
import { z } from 'zod'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { authorityHolders, holdsRoleIn } from '../../contain/holders.ts'
import type { WantedLever } from '../../contain/plan.ts'
import { type Address, addressSchema, type Hash, hexSchema } from '../../model/hex.ts'

/** A queued operation that can be cancelled: where, by which lever, with what it is called by. */
export type Queued = { target: Address; wanted: WantedLever }

/** Events by which governance queues what it will do later, from the sources of each. */
const EVENTS = parseAbi([
  // OpenZeppelin TimelockController
  'event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)',
  // OpenZeppelin AccessManager
  'event OperationScheduled(bytes32 indexed operationId, uint32 indexed nonce, uint48 schedule, address caller, address target, bytes data)',
  // OpenZeppelin Governor, GovernorBravo
  'event ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)',
  'event ProposalQueued(uint256 proposalId, uint256 eta)',
])
const KNOWN: ReadonlySet<string> = new Set(EVENTS.map((event) => toEventSelector(event)))

const receiptSchema = z.object({ logs: z.array(z.unknown()) })
const logSchema = z.object({
  address: addressSchema,
  topics: z.array(hexSchema).max(4),
  data: hexSchema,
})

/** Operations of one incident that are cancelled, at most. */
const MOST = 32
/** Contracts that are asked for in the roles of others, at most: an attacker may put up as many as he likes. */
const MOST_EMITTERS = 256

export type QueuedOptions = {
  rpc: Rpc
  transactions: readonly Hash[]
  /** What is to be kept safe. */
  contracts: readonly Address[]
  /** The block before the attack: what it made itself the owner of by then is nothing of ours. */
  block: number
}

export type QueuedFound = {
  queued: Queued[]
  /** Operations of contracts without authority over what is protected, or that concern nothing of it; and whose. */
  leftOut: { operations: number; contracts: Address[] }
}

/**
 * What the transactions of an incident queued for later with contracts that held authority over what is protected before the
 * attack, and that is aimed at it or at who holds authority over it. Anybody may emit such logs: what a contract says of itself
 * is not asked. What does not decode is left out.
 */
export async function queuedIn({ rpc, transactions, contracts, block }: QueuedOptions): Promise<QueuedFound> {
  const found = new Map<string, Aimed>()
  for (const hash of transactions) {
    const receipt = receiptSchema.safeParse(await rpc.request('eth_getTransactionReceipt', [hash]))
    for (const each of receipt.success ? receipt.data.logs : []) {
      const log = logSchema.safeParse(each)
      if (!log.success || !KNOWN.has(log.data.topics[0] ?? '')) continue
      const aimed = aimedBy(log.data)
      if (aimed !== null) found.set(JSON.stringify([aimed.target, aimed.wanted]), aimed)
    }
  }
  if (found.size === 0) return { queued: [], leftOut: { operations: 0, contracts: [] } }
  const at = { rpc, block }
  const holders = await authorityHolders(at, contracts)
  const governed = new Set([...contracts, ...holders])
  const emitters = [...new Set([...found.values()].map(({ target }) => target))]
  const trusted = await trustedOf(emitters, { at, holders, governed })
  const isMeant = ({ target, aims }: Aimed): boolean =>
    trusted.has(target) && (aims === null || aims.some((aim) => governed.has(aim) || aim === target))
  const meant = [...found.values()].filter(isMeant)
  const others = [...found.values()].filter((each) => !isMeant(each))
  return {
    queued: meant.slice(0, MOST).map(({ target, wanted }) => ({ target, wanted })),
    leftOut: { operations: others.length, contracts: [...new Set(others.map(({ target }) => target))] },
  }
}

type Trusting = {
  at: { rpc: Rpc; block: number }
  holders: ReadonlySet<Address>
  governed: ReadonlySet<Address>
}

async function trustedOf(
  emitters: readonly Address[],
  { at, holders, governed }: Trusting,
): Promise<ReadonlySet<Address>> {
  const trusted = new Set(emitters.filter((emitter) => holders.has(emitter)))
  for (const emitter of emitters.filter((each) => !trusted.has(each)).slice(0, MOST_EMITTERS))
    if (await holdsRoleIn(at, governed, emitter)) trusted.add(emitter)
  return trusted
}

type Log = z.infer<typeof logSchema>
/** A queued operation with what it calls; null where the log does not say. */
type Aimed = Queued & { aims: readonly Address[] | null }

function aimedBy({ address: target, topics, data }: Log): Aimed | null {
  const event = decoded(topics, data)
  switch (event?.eventName) {
    case 'CallScheduled': {
      const wanted = { template: 'openzeppelin/cancel-timelocked', given: { operation: event.args.id } }
      return { target, wanted, aims: [lower(event.args.target)] }
    }
    case 'OperationScheduled': {
      const { caller, data: callData } = event.args
      const callTarget = lower(event.args.target)
      const given = { caller: lower(caller), callTarget, callData }
      return { target, wanted: { template: 'openzeppelin/cancel-scheduled', given }, aims: [callTarget] }
    }
    case 'ProposalCreated':
    case 'ProposalQueued': {
      const given = { proposalId: event.args.proposalId.toString() }
      const aims = 'targets' in event.args ? event.args.targets.map(lower) : null
      return { target, wanted: { template: 'governor/cancel-proposal', given }, aims }
    }
    default:
      return null
  }
}

function lower(address: string): Address {
  return address.toLowerCase() as Address
}

function decoded(topics: Log['topics'], data: Log['data']) {
  try {
    return decodeEventLog({ abi: EVENTS, data, topics: topics as [`0x${string}`, ...`0x${string}`[]] })
  } catch {
    return null
  }
}
