import type { Frame, Log } from '../model/block.ts'
import type { ApprovalFact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { wordAt, ZERO_ADDRESS } from '../model/hex.ts'
import { TOPICS } from './signatures.ts'
import { kindOf, type LogPlace, readingAsked, readingsOf } from './transfer-log.ts'

type MovementDecoder = (log: Log, at: LogPlace) => readonly (TransferFact | ApprovalFact)[]

const NOTHING: readonly TransferFact[] = []

/** Decode plans by first topic. A log that does not have the shape of its topic is ignored. */
const PLANS: ReadonlyMap<string, MovementDecoder> = new Map<string, MovementDecoder>([
  [TOPICS['Transfer(address,address,uint256)'], decodeTransfer],
  [TOPICS['Approval(address,address,uint256)'], decodeApproval],
  [TOPICS['ApprovalForAll(address,address,bool)'], decodeApprovalForAll],
  [TOPICS['TransferSingle(address,address,address,uint256,uint256)'], decodeTransferSingle],
  [TOPICS['TransferBatch(address,address,address,uint256[],uint256[])'], decodeTransferBatch],
  [TOPICS['Deposit(address,uint256)'], decodeWrap],
  [TOPICS['Withdrawal(address,uint256)'], decodeUnwrap],
])

/** Token movements and approvals that a log shows (EIP-20, EIP-721, EIP-1155, WETH9). */
export function movementsFromLog(log: Log, at: LogPlace): readonly (TransferFact | ApprovalFact)[] {
  const topic = log.topics[0]
  if (topic === undefined) return NOTHING
  return PLANS.get(topic)?.(log, at) ?? NOTHING
}

function topicAddress(log: Log, n: number): Address | undefined {
  const topic = log.topics[n]
  return topic === undefined ? undefined : `0x${topic.slice(26)}`
}

/** The first word of the data as a number; data of one word, which is nearly all, is read without slicing. */
function firstUint({ data }: Log): bigint | undefined {
  if (data.length === 66) return BigInt(data)
  const word = wordAt(data, 0)
  return word === undefined ? undefined : BigInt(`0x${word}`)
}

/** EIP-20’s own shape is decoded at once; every other one is distinguished by its context. */
function decodeTransfer(log: Log, at: LogPlace): readonly TransferFact[] {
  if (log.topics.length !== 3 || log.data.length < 66) return unusualTransfer(log, at)
  const from = topicAddress(log, 1)
  const to = topicAddress(log, 2)
  const amount = firstUint(log)
  if (from === undefined || to === undefined || amount === undefined) return NOTHING
  return [erc20(log, at, { from, to, amount })]
}

function unusualTransfer(log: Log, at: LogPlace): readonly TransferFact[] {
  const readings = readingsOf(log)
  const beside = readingAsked(log, readings, at)
  const triple = beside?.triple ?? readings[0]
  if (triple === undefined) return NOTHING
  const { first: from, second: to, number } = triple
  return kindOf(log, number, { asked: beside?.asked, kinds: at.kinds }) === 'erc721'
    ? [erc721(log, at, { from, to, id: number })]
    : [erc20(log, at, { from, to, amount: number })]
}

/** EIP-721 approves one token by its id, which counts as 1. */
function decodeApproval(log: Log, at: LogPlace): readonly ApprovalFact[] {
  const [triple] = readingsOf(log)
  if (triple === undefined) return []
  const { first: owner, second: spender, number } = triple
  const isOne = log.topics.length === 4 && at.kinds.of(log.address) !== 'erc20'
  const amount = isOne ? 1n : number
  return [{ kind: 'approval', asset: log.address, owner, spender, amount, frame: at.frame }]
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

/** A batch longer than this is not a batch but an attack on Cordon; the deltas then miss it, and nothing hangs. */
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

/** `Deposit(dst, wad)` is a mint only where that much of the coin came in with the call: others use the name too. */
function decodeWrap(log: Log, at: LogPlace): readonly TransferFact[] {
  const claim = wrapClaim(log, at)
  if (claim === undefined || claim.frame.value !== claim.amount) return NOTHING
  return [erc20(log, at, { from: ZERO_ADDRESS, to: claim.account, amount: claim.amount })]
}

/** `Withdrawal(src, wad)` is a burn only where the contract pays that much of the coin out in the same frame. */
function decodeUnwrap(log: Log, at: LogPlace): readonly TransferFact[] {
  const claim = wrapClaim(log, at)
  if (claim === undefined) return NOTHING
  const { frame, amount } = claim
  for (let i = frame.index + 1; i < frame.end; i++) {
    const inner = at.frames[i]
    if (inner !== undefined && inner.parent === frame.index && inner.value === amount && !inner.reverted) {
      return [erc20(log, at, { from: claim.account, to: ZERO_ADDRESS, amount })]
    }
  }
  return NOTHING
}

/** True where WETH9's own log shows this exact mint or burn. */
export function tellsOfWrap(log: Log, { asset, from, to, amount }: TransferFact): boolean {
  const [account, topic] =
    from === ZERO_ADDRESS
      ? [to, TOPICS['Deposit(address,uint256)']]
      : [from, TOPICS['Withdrawal(address,uint256)']]
  const word = wordAt(log.data, 0)
  return (
    log.address === asset &&
    log.topics[0] === topic &&
    topicAddress(log, 1) === account &&
    word !== undefined &&
    BigInt(`0x${word}`) === amount
  )
}

function wrapClaim(log: Log, at: LogPlace): { account: Address; amount: bigint; frame: Frame } | undefined {
  const account = topicAddress(log, 1)
  const word = wordAt(log.data, 0)
  const frame = at.frames[at.frame]
  if (account === undefined || word === undefined || frame === undefined || log.topics.length !== 2)
    return undefined
  return { account, amount: BigInt(`0x${word}`), frame }
}

function erc20(
  log: Log,
  at: LogPlace,
  { from, to, amount }: { from: Address; to: Address; amount: bigint },
): TransferFact {
  const { frame } = at
  return {
    kind: 'transfer',
    standard: 'erc20',
    asset: log.address,
    from,
    to,
    amount,
    tokenId: null,
    frame,
    source: 'log',
  }
}

function erc721(
  log: Log,
  { frame }: LogPlace,
  { from, to, id }: { from: Address; to: Address; id: bigint },
): TransferFact {
  return {
    kind: 'transfer',
    standard: 'erc721',
    asset: log.address,
    from,
    to,
    amount: 1n,
    tokenId: id,
    frame,
    source: 'log',
  }
}
