import { decodeEventLog, parseAbi, toEventSelector } from 'viem'
import { z } from 'zod'
import { ifMalformed } from '../../chain/methods/answer.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { type Address, addressSchema, type Hash, hexSchema } from '../../model/hex.ts'
import { authorityHolders, holdsRoleIn } from '../authority/holders.ts'
import type { WantedLever } from './plan.ts'

/**
 * A queued operation that can be cancelled: its contract, the lever that cancels it, and the arguments of that lever.
 */
export type Queued = { target: Address; wanted: WantedLever }

/** Events by which governance queues later operations, from the sources of each. */
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

const logSchema = z.object({
  address: addressSchema,
  topics: z.array(hexSchema).max(4),
  data: hexSchema,
})

/** Maximum number of operations of one incident that are cancelled. */
const MOST = 32
/** Maximum number of contracts that are looked up in the roles of others: an attacker may create any number. */
const MOST_EMITTERS = 256

export type QueuedOptions = {
  rpc: Rpc
  transactions: readonly Hash[]
  /** The contracts to keep safe. */
  contracts: readonly Address[]
  /** The block before the attack: ownership that the attack acquired by then is not the protocol's. */
  block: number
}

export type QueuedFound = {
  queued: Queued[]
  /**
   * Operations of contracts without authority over the protected contracts, or that do not concern these; and whose.
   */
  leftOut: { operations: number; contracts: Address[] }
}

/**
 * The operations that the transactions of an incident queued with contracts that held authority over the protected
 * contracts before the attack, and that target those contracts or a holder of authority over them. Anybody may emit
 * such logs, so what a contract claims about itself is not used. Logs that do not decode are left out.
 */
export async function queuedIn({ rpc, transactions, contracts, block }: QueuedOptions): Promise<QueuedFound> {
  const found = new Map<string, Aimed>()
  for (const hash of transactions) {
    const receipt = await getTransactionReceipt(rpc, hash).catch(ifMalformed(null))
    for (const each of receipt?.logs ?? []) {
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
/** A queued operation with the contracts that it calls; null if the log does not show them. */
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
