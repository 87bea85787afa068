import type { Frame, Log } from '../model/block.ts'
import type { ApprovalFact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { wordAt, ZERO_ADDRESS } from '../model/hex.ts'
import { TOPICS } from './signatures.ts'

type MovementDecoder = (log: Log, at: LogPlace) => readonly (TransferFact | ApprovalFact)[]
/** Where a log stands: `frames` lets a claim be held against what really moved. */
export type LogPlace = { frame: number; frames: readonly Frame[] }

const NOTHING: readonly TransferFact[] = []

/** Decode plans by first topic. A log that does not have the shape of its topic says nothing. */
const PLANS: ReadonlyMap<string, MovementDecoder> = new Map<string, MovementDecoder>([
  [TOPICS['Transfer(address,address,uint256)'], decodeTransfer],
  [TOPICS['Approval(address,address,uint256)'], decodeApproval],
  [TOPICS['ApprovalForAll(address,address,bool)'], decodeApprovalForAll],
  [TOPICS['TransferSingle(address,address,address,uint256,uint256)'], decodeTransferSingle],
  [TOPICS['TransferBatch(address,address,address,uint256[],uint256[])'], decodeTransferBatch],
  [TOPICS['Deposit(address,uint256)'], decodeWrap],
  [TOPICS['Withdrawal(address,uint256)'], decodeUnwrap],
])

/** Token movements and approvals that a log tells of (EIP-20, EIP-721, EIP-1155, WETH9). */
export function movementsFromLog(log: Log, at: LogPlace): readonly (TransferFact | ApprovalFact)[] {
  const topic = log.topics[0]
  if (topic === undefined) return NOTHING
  return PLANS.get(topic)?.(log, at) ?? NOTHING
}

function topicAddress(log: Log, n: number): Address | undefined {
  const topic = log.topics[n]
  return topic === undefined ? undefined : `0x${topic.slice(26)}`
}

function decodeTransfer(log: Log, at: LogPlace): readonly TransferFact[] {
  const from = topicAddress(log, 1)
  const to = topicAddress(log, 2)
  if (from === undefined || to === undefined) return NOTHING
  const id = log.topics[3]
  const base = { kind: 'transfer', asset: log.address, from, to, frame: at.frame, source: 'log' } as const
  if (id !== undefined) return [{ ...base, standard: 'erc721', amount: 1n, tokenId: BigInt(id) }]
  const word = wordAt(log.data, 0)
  if (word === undefined) return NOTHING
  return [{ ...base, standard: 'erc20', amount: BigInt(`0x${word}`), tokenId: null }]
}

function decodeApproval(log: Log, at: LogPlace): readonly ApprovalFact[] {
  const owner = topicAddress(log, 1)
  const spender = topicAddress(log, 2)
  const word = log.topics.length === 4 ? '1' : wordAt(log.data, 0)
  if (owner === undefined || spender === undefined || word === undefined) return []
  return [
    { kind: 'approval', asset: log.address, owner, spender, amount: BigInt(`0x${word}`), frame: at.frame },
  ]
}

function decodeApprovalForAll(log: Log, at: LogPlace): readonly ApprovalFact[] {
  const owner = topicAddress(log, 1)
  const spender = topicAddress(log, 2)
  const word = wordAt(log.data, 0)
  if (owner === undefined || spender === undefined || word === undefined) return []
  return [
    { kind: 'approval', asset: log.address, owner, spender, amount: BigInt(`0x${word}`), frame: at.frame },
  ]
}

function decodeTransferSingle(log: Log, at: LogPlace): readonly TransferFact[] {
  const id = wordAt(log.data, 0)
  const amount = wordAt(log.data, 1)
  if (id === undefined || amount === undefined) return NOTHING
  return multiToken(log, at, [[BigInt(`0x${id}`), BigInt(`0x${amount}`)]])
}

/** A batch longer than this is not a batch but an attack on us; the deltas then miss it, and nothing hangs. */
const MOST_IN_A_BATCH = 4096

function decodeTransferBatch(log: Log, at: LogPlace): readonly TransferFact[] {
  const ids = uintArray(log, 0)
  const amounts = uintArray(log, 1)
  if (ids === undefined || amounts === undefined || ids.length !== amounts.length) return NOTHING
  return multiToken(
    log,
    at,
    ids.map((id, i) => [id, amounts[i] ?? 0n]),
  )
}

function uintArray(log: Log, head: number): bigint[] | undefined {
  const offset = wordAt(log.data, head)
  if (offset === undefined) return undefined
  const start = Number(BigInt(`0x${offset}`)) / 32
  const count = Number.isSafeInteger(start) ? wordAt(log.data, start) : undefined
  const length = count === undefined ? Number.NaN : Number(BigInt(`0x${count}`))
  if (!(length <= MOST_IN_A_BATCH)) return undefined
  const items: bigint[] = []
  for (let i = 0; i < length; i++) {
    const word = wordAt(log.data, start + 1 + i)
    if (word === undefined) return undefined
    items.push(BigInt(`0x${word}`))
  }
  return items
}

function multiToken(log: Log, at: LogPlace, pairs: readonly (readonly [bigint, bigint])[]): TransferFact[] {
  const from = topicAddress(log, 2)
  const to = topicAddress(log, 3)
  if (from === undefined || to === undefined) return []
  return pairs.map(([tokenId, amount]) => ({
    kind: 'transfer',
    standard: 'erc1155',
    asset: log.address,
    from,
    to,
    amount,
    tokenId,
    frame: at.frame,
    source: 'log',
  }))
}

/** `Deposit(dst, wad)` is a mint only where that much of the coin came in with the call: other contracts use the name too. */
function decodeWrap(log: Log, at: LogPlace): readonly TransferFact[] {
  const claim = wrapClaim(log, at)
  if (claim === undefined || claim.frame.value !== claim.amount) return NOTHING
  return [mintOrBurn(log, at, { from: ZERO_ADDRESS, to: claim.account, amount: claim.amount })]
}

/** `Withdrawal(src, wad)` is a burn only where the contract pays that much of the coin out in the same frame. */
function decodeUnwrap(log: Log, at: LogPlace): readonly TransferFact[] {
  const claim = wrapClaim(log, at)
  if (claim === undefined) return NOTHING
  const { frame, amount } = claim
  for (let i = frame.index + 1; i < frame.end; i++) {
    const inner = at.frames[i]
    if (inner !== undefined && inner.parent === frame.index && inner.value === amount && !inner.reverted) {
      return [mintOrBurn(log, at, { from: claim.account, to: ZERO_ADDRESS, amount })]
    }
  }
  return NOTHING
}

function wrapClaim(log: Log, at: LogPlace): { account: Address; amount: bigint; frame: Frame } | undefined {
  const account = topicAddress(log, 1)
  const word = wordAt(log.data, 0)
  const frame = at.frames[at.frame]
  if (account === undefined || word === undefined || frame === undefined || log.topics.length !== 2)
    return undefined
  return { account, amount: BigInt(`0x${word}`), frame }
}

function mintOrBurn(
  log: Log,
  at: LogPlace,
  move: { from: Address; to: Address; amount: bigint },
): TransferFact {
  return {
    kind: 'transfer',
    standard: 'erc20',
    asset: log.address,
    ...move,
    tokenId: null,
    frame: at.frame,
    source: 'log',
  }
}
