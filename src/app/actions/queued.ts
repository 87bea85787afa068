import { decodeEventLog, parseAbi, toEventSelector } from 'viem'
import { z } from 'zod'
import type { Rpc } from '../../chain/rpc/rpc.ts'
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

const receiptSchema = z.object({
  logs: z
    .array(z.object({ address: addressSchema, topics: z.array(hexSchema).max(4), data: hexSchema }))
    .max(10_000),
})

/** Operations of one incident, at most: an attacker may queue without end. */
const MOST = 32

/** What the transactions of an incident queued for later, as their logs say. What does not decode is left out. */
export async function queuedIn(rpc: Rpc, transactions: readonly Hash[]): Promise<Queued[]> {
  const found = new Map<string, Queued>()
  for (const hash of transactions) {
    const receipt = receiptSchema.safeParse(await rpc.request('eth_getTransactionReceipt', [hash]))
    for (const log of receipt.success ? receipt.data.logs : []) {
      const wanted = KNOWN.has(log.topics[0] ?? '') ? wantedFor(log) : null
      if (wanted === null || found.size >= MOST) continue
      found.set(JSON.stringify([log.address, wanted]), { target: log.address, wanted })
    }
  }
  return [...found.values()]
}

type Log = z.infer<typeof receiptSchema>['logs'][number]

function wantedFor({ topics, data }: Log): WantedLever | null {
  const event = decoded(topics, data)
  switch (event?.eventName) {
    case 'CallScheduled':
      return { template: 'openzeppelin/cancel-timelocked', given: { operation: event.args.id } }
    case 'OperationScheduled': {
      const { caller, target, data: callData } = event.args
      const given = { caller: caller.toLowerCase(), callTarget: target.toLowerCase(), callData }
      return { template: 'openzeppelin/cancel-scheduled', given }
    }
    case 'ProposalCreated':
    case 'ProposalQueued':
      return {
        template: 'governor/cancel-proposal',
        given: { proposalId: event.args.proposalId.toString() },
      }
    default:
      return null
  }
}

function decoded(topics: Log['topics'], data: Log['data']) {
  try {
    return decodeEventLog({ abi: EVENTS, data, topics: topics as [`0x${string}`, ...`0x${string}`[]] })
  } catch {
    return null
  }
}
