import { expect, test } from 'vitest'
import { type Act, deposit, look, vault, vaultScope, withdraw } from '../../../../test/harness/acts.ts'
import { address, block, call, pay } from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { createEngine, evaluateBlock, evaluateSettled, finalize, rollback } from '../../engine/engine.ts'
import { paidIn } from '../paid-in/paid-in.ts'
import { slowDrain } from './slow-drain.ts'

const thief = address('thief')
const usdc = address('usdc')
const saved = [deposit(address('alice'), 10_000n), look(10_000n)]
const factsOf = (act: Act, number: number) => blockFacts(block({ number, transactions: [act] }))

function watch(...acts: readonly Act[]): Finding[][] {
  const engine = createEngine({ detectors: [slowDrain, paidIn], scope: vaultScope })
  return acts.map((act, i) => evaluateSettled(engine, factsOf(act, i + 1)))
}
const severities = (found: readonly Finding[][]): string[] =>
  found.slice(saved.length).map((one) => one.map(({ severity }) => severity).join())

/** Takings of 4.5 % of what is left, each in a block. */
function takings(count: number, take: (amount: bigint, n: number) => Act): Act[] {
  let left = 10_000n
  return Array.from({ length: count }, (_, n) => {
    const amount = (left * 45n) / 1000n
    left -= amount
    return take(amount, n)
  })
}
/** Somebody asks the vault, and the vault pays somebody. */
const paidTo = (from: Address, to: Address, amount: bigint): Act => ({
  from,
  root: call(vault, { input: '0x2e1a7d4d' }, pay(usdc, { from: vault, to, amount })),
})

test('forty takings of 4.5 % in forty blocks are one attack from the fifth on', () => {
  const found = severities(watch(...saved, ...takings(40, (amount) => withdraw(thief, amount))))
  expect(found.slice(0, 4)).toEqual(['', '', '', ''])
  expect(found.slice(4).every((severity) => severity === 'high')).toBe(true)
})

test('what was taken is told in full, as an amount and as a share', () => {
  const found = watch(...saved, ...takings(5, (amount) => withdraw(thief, amount))).at(-1)?.[0]
  expect(found?.evidence[0]?.statement).toContain('in 5 transactions within 24 h: 20.5')
  expect(found?.evidence[0]?.amounts).toEqual([{ account: vault, asset: usdc, amount: 2_054n }])
})

test('a new recipient each time does not help, nor a new sender', () => {
  const newRecipients = takings(6, (amount, n) => paidTo(thief, address(`recipient ${n}`), amount))
  const newSenders = takings(6, (amount, n) => paidTo(address(`sender ${n}`), thief, amount))
  expect(severities(watch(...saved, ...newRecipients))[5]).toBe('high')
  expect(severities(watch(...saved, ...newSenders))[5]).toBe('high')
})

test('forty users who each take 4.5 % are forty users, also through one router', () => {
  const users = takings(40, (amount, n) => withdraw(address(`user ${n}`), amount))
  const router = address('router')
  const routed = takings(40, (amount, n) => ({
    from: address(`user ${n}`),
    root: call(
      router,
      { input: '0x12345678' },
      call(vault, { input: '0x2e1a7d4d' }, pay(usdc, { from: vault, to: address(`user ${n}`), amount })),
    ),
  }))
  expect(watch(...saved, ...users).flat()).toEqual([])
  expect(watch(...saved, ...routed).flat()).toEqual([])
})

test('a saver who takes out the deposit in ten parts is no attacker', () => {
  const bob = address('bob')
  const parts = Array.from({ length: 10 }, () => withdraw(bob, 400n))
  expect(watch(...saved, deposit(bob, 4_000n), ...parts).flat()).toEqual([])
})

test('what was taken longer ago than the window does not count', () => {
  const engine = createEngine({ detectors: [slowDrain], scope: vaultScope })
  const acts = [...saved, ...takings(8, (amount) => withdraw(thief, amount))]
  const found = acts.map((act, i) => {
    const facts = factsOf(act, i + 1)
    const timestamp = 1_600_000_000 + i * 40_000
    return evaluateSettled(engine, { ...facts, bundle: { ...facts.bundle, timestamp } })
  })
  expect(found.flat()).toEqual([])
})

test('a reorg takes back what was counted', () => {
  const engine = createEngine({ detectors: [slowDrain], scope: vaultScope })
  const acts = [...saved, ...takings(4, (amount) => withdraw(thief, amount))]
  const blocks = acts.map((act, i) => factsOf(act, i + 1))
  for (const facts of blocks) evaluateBlock(engine, facts)
  const at = (n: number) => ({ number: n, hash: blocks[n - 1]?.bundle.hash ?? null })
  finalize(engine, at(2))
  rollback(engine, at(3))
  const again = takings(4, (amount) => withdraw(thief, amount)).slice(1)
  expect(again.flatMap((act, i) => evaluateBlock(engine, factsOf(act, i + 4)))).toEqual([])
})
