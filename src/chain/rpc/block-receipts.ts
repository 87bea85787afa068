import { messageOf } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'
import { array, object, type Raw } from '../trace/fields.ts'
import {
  type Asking,
  type BlockHead,
  eachOf,
  endpointsOf,
  isPassing,
  type Miss,
  millisecondsLeft,
  notYet,
  otherBlock,
  rounds,
  TIME_OVER,
  WORTH_ASKING_MS,
} from './block-parts.ts'
import type { Endpoint } from './endpoint.ts'
import { mayHave, notePresent, noteRefusal } from './method-book.ts'

/** The available receipts of a block. */
export type BlockReceipts = {
  receipts: readonly Raw[]
  /** Transactions without a receipt, with the reason. */
  missing: ReadonlyMap<Hash, Miss>
}

/** True where the receipts match the header's commitment; null where that cannot be determined. */
export type ReceiptCheck = (block: BlockHead, receipts: readonly Raw[]) => boolean | null

type Gathering = {
  block: BlockHead
  asking: Asking
  check: ReceiptCheck
  receipts: Map<Hash, Raw>
  reasons: Map<Hash, Miss>
  /** Endpoints whose receipts were received, and whether those of several did not match. */
  sources: Set<Endpoint>
  isMixedUp: boolean
  /** Endpoints whose receipts do not match the header. */
  liars: Set<Endpoint>
  isPassing: boolean
}

/** Receipts requested in parallel if they are not available for the block as a whole. */
const AT_ONCE = 16

/**
 * The receipts that the endpoints return within the time: first for the whole block, then the missing ones one by one,
 * then at least the logs. Receipts that do not match the header are rejected, and their endpoint is reported. Never
 * throws.
 */
export async function receiptsOf(
  block: BlockHead,
  asking: Asking,
  check: ReceiptCheck,
): Promise<BlockReceipts> {
  const gathering: Gathering = {
    block,
    asking,
    check,
    receipts: new Map(),
    reasons: new Map(),
    sources: new Set(),
    isMixedUp: false,
    liars: new Set(),
    isPassing: false,
  }
  await rounds(asking, async () => {
    gathering.isPassing = false
    await oneRound(gathering)
    return missingOf(gathering).length > 0 && gathering.isPassing
  })
  const { reasons } = gathering
  const missing = new Map(missingOf(gathering).map((hash) => [hash, reasons.get(hash) ?? TIME_OVER]))
  if (missing.size > 0) await logsAtLeast(gathering)
  return {
    receipts: inOrder(gathering),
    missing,
  }
}

function missingOf({ block, receipts }: Gathering): Hash[] {
  return block.transactions.flatMap(({ hash }) => (receipts.has(hash) ? [] : [hash]))
}

function inOrder({ block, receipts }: Gathering): Raw[] {
  return block.transactions.flatMap(({ hash }): Raw[] => {
    const receipt = receipts.get(hash)
    return receipt === undefined ? [] : [receipt]
  })
}

async function oneRound(gathering: Gathering): Promise<void> {
  const endpoints = endpointsOf(gathering.asking.rpc).filter((it) => !gathering.liars.has(it))
  for (const endpoint of endpoints) if (gathering.receipts.size === 0) await wholeBlock(endpoint, gathering)
  for (const endpoint of endpoints) {
    if (gathering.liars.has(endpoint)) continue
    await eachOf(missingOf(gathering), AT_ONCE, (hash) => oneReceipt(endpoint, hash, gathering))
    if (missingOf(gathering).length === 0) verify(endpoint, gathering)
  }
  if (gathering.isMixedUp) await eachAlone(endpoints, gathering)
}

/** Receipts of several endpoints that do not match prove nothing about any: each must return all of them alone. */
async function eachAlone(endpoints: readonly Endpoint[], gathering: Gathering): Promise<void> {
  gathering.isMixedUp = false
  for (const endpoint of endpoints) {
    if (gathering.liars.has(endpoint)) continue
    clear(gathering)
    await eachOf(missingOf(gathering), AT_ONCE, (hash) => oneReceipt(endpoint, hash, gathering))
    if (missingOf(gathering).length > 0) continue
    verify(endpoint, gathering)
    if (missingOf(gathering).length === 0) return
  }
  clear(gathering)
  gathering.isPassing = false
}

function clear({ receipts, sources }: Gathering): void {
  receipts.clear()
  sources.clear()
}

async function wholeBlock(endpoint: Endpoint, gathering: Gathering): Promise<void> {
  const { asking, block } = gathering
  const method = 'eth_getBlockReceipts'
  const now = asking.clock.now()
  const timeoutMs = millisecondsLeft(asking)
  if (timeoutMs < WORTH_ASKING_MS || !mayHave(endpoint.methods, method, now)) return
  try {
    const answer = await endpoint.request(method, [block.hash], { timeoutMs, signal: asking.signal })
    if (answer === null) throw notYet(method)
    for (const item of array(answer, 'receipts'))
      if (item !== null) take(object(item, 'receipts'), endpoint, gathering)
    notePresent(endpoint.methods, method)
    if (missingOf(gathering).length === 0) verify(endpoint, gathering)
    else note(gathering, `${endpoint.name} has no receipt of it`)
  } catch (thrown) {
    failed(gathering, thrown)
    noteRefusal(endpoint.methods, method, { thrown, now })
  }
}

async function oneReceipt(endpoint: Endpoint, hash: Hash, gathering: Gathering): Promise<void> {
  const { asking } = gathering
  const timeoutMs = millisecondsLeft(asking)
  if (timeoutMs < WORTH_ASKING_MS) return
  try {
    const answer = await endpoint.request('eth_getTransactionReceipt', [hash], {
      timeoutMs,
      signal: asking.signal,
    })
    if (answer === null) throw notYet('eth_getTransactionReceipt')
    take(object(answer, 'receipts'), endpoint, gathering)
  } catch (thrown) {
    gathering.reasons.set(hash, { reason: messageOf(thrown), isOwnFault: false })
    gathering.isPassing ||= isPassing(thrown)
  }
}

/** Accepts a receipt of this block; one of another block means that two answers are about two blocks. */
function take(receipt: Raw, endpoint: Endpoint, { block, receipts, sources }: Gathering): void {
  const hash = receipt['transactionHash']
  const isOwn = block.transactions.some((it) => it.hash === hash)
  const isHere = receipt['blockHash'] === undefined || receipt['blockHash'] === block.hash
  if (typeof hash !== 'string' || !isOwn || !isHere)
    throw otherBlock('eth_getBlockReceipts', receipt['blockHash'])
  receipts.set(hash as Hash, receipt)
  sources.add(endpoint)
}

function verify(endpoint: Endpoint, gathering: Gathering): void {
  const { block, check, liars, asking } = gathering
  if (check(block, inOrder(gathering)) !== false) return
  const isMixed = gathering.sources.size > 1
  clear(gathering)
  if (isMixed) {
    gathering.isMixedUp = true
    return
  }
  liars.add(endpoint)
  note(gathering, `the receipts that ${endpoint.name} gives are not those that the block’s header commits to`)
  asking.rpc.note({
    code: 'endpoint-lied',
    message: `${endpoint.name} returned receipts of block ${block.number} that do not match its header (receiptsRoot).`,
    facts: { endpoint: endpoint.name, block: block.number, receiptsRoot: block.raw['receiptsRoot'] },
  })
}

/** Without receipts there may still be logs: enough to see which tokens moved. */
async function logsAtLeast(gathering: Gathering): Promise<void> {
  const { asking, block, receipts, liars } = gathering
  const missing = new Set<string>(missingOf(gathering))
  for (const endpoint of endpointsOf(asking.rpc)) {
    const timeoutMs = millisecondsLeft(asking)
    if (timeoutMs < WORTH_ASKING_MS) return
    if (liars.has(endpoint) || !mayHave(endpoint.methods, 'eth_getLogs', asking.clock.now())) continue
    try {
      const answer = await endpoint.request('eth_getLogs', [{ blockHash: block.hash }], {
        timeoutMs,
        signal: asking.signal,
      })
      const logs = array(answer, 'logs').map((item) => object(item, 'logs'))
      // A node that lost the receipts answers no logs where there were some: only the logs that it has count.
      for (const hash of new Set(logs.map((log) => log['transactionHash'])))
        if (typeof hash === 'string' && missing.has(hash)) {
          const own = logs.filter((log) => log['transactionHash'] === hash)
          receipts.set(hash as Hash, { transactionHash: hash, blockHash: block.hash, logs: own })
        }
      return
    } catch (thrown) {
      noteRefusal(endpoint.methods, 'eth_getLogs', { thrown, now: asking.clock.now() })
    }
  }
}

function note(gathering: Gathering, reason: string): void {
  for (const hash of missingOf(gathering)) gathering.reasons.set(hash, { reason, isOwnFault: false })
}

function failed(gathering: Gathering, thrown: unknown): void {
  note(gathering, messageOf(thrown))
  gathering.isPassing ||= isPassing(thrown)
}
