import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  address,
  block,
  call,
  create,
  hashOf,
  pay,
  type TransactionParts,
} from '../../../test/harness/build.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Investigation } from '../../model/investigation.ts'
import { investigationSchema } from '../../model/investigation.ts'
import { investigate } from '../investigate.ts'
import { withKnown } from '../with-known.ts'
import { NOTHING_KNOWN, partRecord } from './known.ts'

const people = Array.from({ length: 6 }, (_, n) => address(`person ${n}`))
const who = fc.constantFrom(...people)
const move = fc.record({ from: who, to: who, amount: fc.bigInt({ min: 0n, max: 50n }), kind: fc.nat(3) })
type Move = { from: `0x${string}`; to: `0x${string}`; amount: bigint; kind: number }

const token = address('token')

function transactionOf({ from, to, amount, kind }: Move, name: string): TransactionParts {
  const paid = pay(token, { from, to, amount })
  if (kind === 0) return { name, from, root: call(to, { value: amount }) }
  if (kind === 1) return { name, from, nonce: Number(amount), root: create(to, { output: '0x6001' }) }
  if (kind === 2) return { name, from, root: paid }
  return { name, from, root: call(to, {}, pay(token, { from: to, to: from, amount }), paid) }
}

function look(record: readonly BlockFacts[], hashes: ReadonlySet<`0x${string}`>): Investigation {
  const suspects = record.flatMap((facts) =>
    facts.transactions
      .filter(({ transaction }) => hashes.has(transaction.hash))
      .map((tx) => ({ facts, tx, findings: [], blind: [] })),
  )
  const known = { ...NOTHING_KNOWN, ...partRecord(record, { hashes, chainId: 1 }) }
  const options = { suspects, protect: new Set<never>(), names: new Map(), functions: new Map(), full: false }
  return withKnown(investigate(options), { suspects, known })
}

test('whatever the history is: each address has one role, funders come before what they funded and are bounded', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 1, maxLength: 40 }), fc.nat(39), (moves, chosen) => {
      const record = moves.map((one, i) =>
        blockFacts(block({ number: i + 1, transactions: [transactionOf(one, `t${i}`)] })),
      )
      const place = chosen % moves.length
      const found = look(record, new Set([hashOf(`t${place}`)]))
      investigationSchema.parse(found)
      const addresses = found.actors.map(({ address: one }) => one)
      expect(new Set(addresses).size).toBe(addresses.length)
      for (const { address: own, funders = [], confidence, reasons } of found.actors) {
        expect(confidence).toBeLessThanOrEqual(0.95)
        expect(reasons.length).toBeGreaterThan(0)
        for (const { from, to, hop, block: at } of funders) {
          expect(from).not.toBe(own)
          expect(at).toBeLessThanOrEqual(place + 1)
          const paid = hop === 1 ? to === own : funders.some((one) => one.from === to && one.hop === hop - 1)
          expect(paid).toBe(true)
          const next = funders.find((one) => one.from === to && one.hop === hop - 1)
          if (next !== undefined) expect(at).toBeLessThanOrEqual(next.block)
        }
      }
    }),
    { seed: 11, numRuns: 300 },
  )
})

test('a flood of payments, payers and contracts around an attack is bounded in time and in what is told', () => {
  const [eve, tool, vault] = [address('eve'), address('tool'), address('vault')]
  const flood = Array.from({ length: 60 }, (_, b) =>
    blockFacts(
      block({
        number: b + 1,
        transactions: Array.from({ length: 200 }, (_, i): TransactionParts => {
          const from = address(`payer ${b % 7}/${i % 40}`)
          const to = b % 3 === 0 ? eve : address(`payer ${(b + 1) % 7}/${i % 40}`)
          return { name: `${b}/${i}`, from, root: call(to, { value: BigInt(i + 1) }) }
        }),
      }),
    ),
  )
  const split = Array.from({ length: 1_500 }, (_, i) =>
    pay(token, { from: tool, to: address(`receiver ${i}`), amount: 10n }),
  )
  const root = call(
    tool,
    {},
    call(vault, {}, pay(token, { from: vault, to: tool, amount: 15_000n })),
    ...split,
  )
  const theft = blockFacts(
    block({ number: 99, transactions: [{ name: 'theft', from: eve, nonce: 0, root }] }),
  )
  const started = cpuMilliseconds()
  const found = look([...flood, theft], new Set([hashOf('theft')]))
  expect(cpuMilliseconds() - started).toBeLessThan(2_000)
  expect(found.actors.length).toBeLessThanOrEqual(100)
  expect(found.actors[0]?.funders?.length).toBeLessThanOrEqual(24)
  expect(found.unexplained.join()).toMatch(/more funders than were followed/)
})
