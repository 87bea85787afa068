import { toFunctionSelector } from 'viem'
import { z } from 'zod'
import { addressOf } from '../../../src/drills/accounts.ts'
import { verifyRecord } from '../../../src/incidents/verify-record.ts'
import { addressSchema, hashSchema, hexSchema, quantitySchema } from '../../../src/model/hex.ts'
import { listIncidents } from '../../../src/store/incidents.ts'
import { listDue } from '../../../src/store/owed-answers.ts'
import { listPlans } from '../../../src/store/plans.ts'
import { listTimeline } from '../../../src/store/timeline.ts'
import { head } from '../stage.ts'
import { isPaused, type Mix, reserveOf } from './scene.ts'

export type MixVerdict = {
  seed: number
  moves: readonly string[]
  /** The violated promises, in words; empty if all were kept. */
  violations: readonly string[]
  /** Wei that left the reserve with the flaw, and attacks that took something. */
  lost: bigint
  attacks: { sent: number; succeeded: number }
  pauses: number
  /** The chain and the record of a run that violated a promise, by time; empty otherwise. */
  story: readonly string[]
}

const PAUSE = toFunctionSelector('pause()')
const PAUSED = '0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258'
const UNPAUSED = '0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa'

/** The final state of the chain and the record. */
export async function judgeMix(mix: Mix, { before }: { before: bigint }): Promise<MixVerdict> {
  const { seed, it, honest, moves, attacks } = mix
  const { store } = it.running.app
  const violations: string[] = []
  const claim = (holds: boolean, otherwise: string): void => {
    if (!holds) violations.push(otherwise)
  }
  claim((await logsOf(mix, honest, PAUSED)) === 0, 'an honest contract was paused')
  claim(await isPaused(mix, it.at.ethReserve), 'an attack was not answered: the reserve is open')
  const failed: string[] = []
  for (const { to, input, succeeded, hash } of await guardianSent(mix)) {
    const isFiller = to === addressOf('guardian') && input === '0x'
    claim(isFiller || (to === it.at.ethReserve && input === PAUSE), `the guardian sent ${hash} to ${to}`)
    if (!succeeded) failed.push(hash)
  }
  claim(failed.length <= mix.unpausesLost, `a pause too many: ${failed.join(', ')} failed`)
  const [pauses, unpauses] = [await logsOf(mix, it.at.ethReserve, PAUSED), await unpausesOf(mix)]
  claim(pauses <= unpauses + 1, `${pauses} pauses, ${unpauses} unpauses`)
  claim((await listDue(store, { chainId: it.at.chainId })).length === 0, 'an answer is owed')
  const incidents = await listIncidents(store)
  for (const { id, state, protected: targets } of incidents) {
    claim(state !== 'open' || !targets.includes(it.at.ethReserve), `${id} is open although all is paused`)
    for (const { lever } of await listPlans(store, id))
      claim([it.at.ethReserve, honest].includes(lever.target), `a plan would call ${lever.target}`)
  }
  const record = await verifyRecord(store)
  claim(record.ok, `the record does not hold: ${JSON.stringify(record)}`)
  return {
    seed,
    moves,
    violations,
    lost: before - (await reserveOf(mix)),
    attacks: { sent: attacks.length, succeeded: await succeededOf(mix) },
    pauses,
    story: violations.length === 0 ? [] : await storyOf(mix),
  }
}

async function storyOf({ it }: Mix): Promise<string[]> {
  const { store } = it.running.app
  const lines = await Promise.all(
    (await listIncidents(store)).map(async ({ id }) =>
      (await listTimeline(store, id)).map(
        ({ discoveryTime, kind, message }) => `${discoveryTime} ${id} ${kind}: ${message}`,
      ),
    ),
  )
  const blocks = []
  for (let number = Math.max(0, (await head(it.node)) - CALM); number <= (await head(it.node)); number++) {
    const block = await it.node.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
    const { timestamp, transactions } = headSchema.parse(block)
    if (transactions.length > 0)
      blocks.push(`block ${number} at ${Number(timestamp)}: ${transactions.join(' ')}`)
  }
  return [...blocks, ...lines.flat().sort()]
}

/** How often the reserve was opened again, on the present chain. */
export function unpausesOf(mix: Mix): Promise<number> {
  return logsOf(mix, mix.it.at.ethReserve, UNPAUSED)
}

async function logsOf({ it }: Mix, address: string, topic: string): Promise<number> {
  const filter = { address, topics: [topic], fromBlock: '0x0', toBlock: 'latest' }
  return z.array(z.unknown()).parse(await it.node.request('eth_getLogs', [filter])).length
}

const sentSchema = z.object({
  hash: hashSchema,
  from: addressSchema,
  to: addressSchema.nullable(),
  input: hexSchema,
})
/** Blocks back from the head that a story tells. */
const CALM = 120
const headSchema = z.object({ timestamp: quantitySchema, transactions: z.array(hashSchema) })
const receiptSchema = z.object({ status: quantitySchema }).nullable()

async function guardianSent({ it }: Mix) {
  const sent = []
  const last = await head(it.node)
  for (let number = 0; number <= last; number++) {
    const block = await it.node.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, true])
    const { transactions } = z.object({ transactions: z.array(sentSchema) }).parse(block)
    for (const one of transactions)
      if (one.from === addressOf('guardian')) sent.push({ ...one, succeeded: await isThrough(it, one.hash) })
  }
  return sent
}

async function isThrough(it: Mix['it'], hash: string): Promise<boolean> {
  const receipt = receiptSchema.parse(await it.node.request('eth_getTransactionReceipt', [hash]))
  return receipt !== null && Number(receipt.status) === 1
}

async function succeededOf({ it, attacks }: Mix): Promise<number> {
  const through = await Promise.all(attacks.map((hash) => isThrough(it, hash)))
  return through.filter(Boolean).length
}
