import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEngine, type Engine, evaluateBlock } from '../../src/detect/engine/engine.ts'
import { detectors } from '../../src/detect/registry.ts'
import { addressOf } from '../../src/drills/accounts.ts'
import { attackers } from '../../src/drills/attackers.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import { alertsOf } from '../../src/incidents/alerts.ts'
import { type AttackKind, attackKinds } from '../../src/model/attack-kind.ts'
import type { BlockBundle } from '../../src/model/block.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { Address, Hash } from '../../src/model/hex.ts'
import { type DrillRecorder, startDrillRecorder } from '../harness/drill-record.ts'

let recorder: DrillRecorder
let snapshot: unknown
let deployment: BlockBundle[]

beforeAll(async () => {
  recorder = await startDrillRecorder()
  deployment = await recorder.record(0)
})
beforeEach(async () => {
  snapshot = await recorder.snapshot()
})
afterEach(() => recorder.revert(snapshot))
afterAll(() => recorder.stop())

type Sent = { hash: Hash; label: string }

/** Does something on the chain and gives the blocks that it made. */
async function recorded<T>(act: () => Promise<T>): Promise<{ result: T; bundles: BlockBundle[] }> {
  const from = (await recorder.head()) + 1
  const result = await act()
  return { result, bundles: await recorder.record(from) }
}

const traffic = (seed: number, rounds: number) =>
  recorded(() => runTraffic(recorder.drill, recorder.anvil.url, { seed, rounds }))
const attack = (kind: AttackKind) =>
  recorded(async () => (await launchAttack(recorder.drill, recorder.anvil.url, { kind })).transactions)

const watcher = (): Engine => createEngine({ detectors, scope: recorder.scope })
const see = (engine: Engine, bundles: readonly BlockBundle[]): Finding[] =>
  bundles.flatMap((bundle) => evaluateBlock(engine, blockFacts(bundle)))

/** The findings, in words that tell which traffic they are about. */
function said(findings: readonly Finding[], sent: readonly Sent[]): string[] {
  const labels = new Map(sent.map(({ hash, label }) => [hash, label]))
  return findings.map(
    ({ detector, severity, transactionHash }) =>
      `${detector} ${severity}: ${labels.get(transactionHash ?? '0x') ?? 'not sent by us'}`,
  )
}

const expected: Record<AttackKind, { category: string; victim: () => Address }> = {
  option: { category: 'option-abuse', victim: () => recorder.drill.optionsVault },
  oracle: { category: 'price-manipulation', victim: () => recorder.drill.lendingMarket },
  reentrancy: { category: 'reentrancy', victim: () => recorder.drill.ethReserve },
}

/** The attackers’ contracts name protected ones and were deployed by fresh accounts beforehand: said, in a low voice. */
const PREPARED = attackKinds.map(() => 'preparation low: not sent by us')

function expectEachFlagged(kind: AttackKind, findings: readonly Finding[], sent: readonly Sent[]): void {
  const alerts = alertsOf(findings)
  expect(alerts.map(({ transactionHash }) => transactionHash)).toEqual(sent.map(({ hash }) => hash))
  for (const alert of alerts) {
    expect(alert.categories[0]).toBe(expected[kind].category)
    expect(alert.protected).toEqual([expected[kind].victim()])
    expect(alert.severity).toBe('critical')
  }
}

describe.each([1, 2, 3])('honest life with seed %i', (seed) => {
  test('four rounds of it, watched from the deployment on: no honest act is spoken of', async () => {
    const { result, bundles } = await traffic(seed, 4)
    const labels = new Set(result.map(({ label }) => label))
    for (const lookalike of [
      'large exit of a lender',
      'large exit of a saver',
      'liquidation',
      'arbitrage',
      'large sale',
      'loan to the limit',
    ])
      expect(labels).toContain(lookalike)
    expect(said(see(watcher(), [...deployment, ...bundles]), result)).toEqual(PREPARED)
  })

  test('the same, watched from after the deployment: each stranger’s exit once, in a low voice', async () => {
    const { result, bundles } = await traffic(seed, 4)
    const found = said(see(watcher(), bundles), result)
    expect(found.sort()).toEqual([
      'drain low: large exit of a lender',
      'drain low: large exit of a saver',
      'drain low: writerA: OptionsVault.redeem',
    ])
  })
})

describe.each(attackKinds)('the %s attack', (kind) => {
  test('every transaction of it is critical and named rightly, the traffic around it silent', async () => {
    const before = await traffic(4, 2)
    const during = await attack(kind)
    const after = await traffic(5, 2)
    const engine = watcher()
    expect(said(see(engine, [...deployment, ...before.bundles]), before.result)).toEqual(PREPARED)
    expectEachFlagged(kind, see(engine, during.bundles), during.result)
    expect(said(see(engine, after.bundles), after.result)).toEqual([])
  })

  test('a watch that began after the deployment sees it too', async () => {
    const before = await traffic(6, 2)
    const during = await attack(kind)
    const engine = watcher()
    see(engine, before.bundles)
    expectEachFlagged(kind, see(engine, during.bundles), during.result)
  })

  test('straight after the deployment, with no traffic to learn from: high at least', async () => {
    const { result, bundles } = await attack(kind)
    const engine = watcher()
    see(engine, deployment)
    const alerts = alertsOf(see(engine, bundles))
    expect(alerts.map(({ transactionHash }) => transactionHash)).toEqual(result.map(({ hash }) => hash))
    for (const alert of alerts) expect(['high', 'critical']).toContain(alert.severity)
  })
})

test('the preparations that are seen are the attackers’, all three', () => {
  const found = see(watcher(), deployment)
  expect(found.map(({ detector }) => detector)).toEqual(attackKinds.map(() => 'preparation'))
  const deployers = found.map(({ actors }) => actors[0] ?? 'nobody')
  expect(deployers.sort()).toEqual(Object.values(attackers).map(addressOf).sort())
})

test('three attacks between each other’s blocks are three kinds of alert', async () => {
  const before = await traffic(7, 2)
  const runs = await recorded(async () => {
    const sent: (Sent & { kind: AttackKind })[] = []
    for (let round = 0; round < 2; round++) {
      for (const kind of attackKinds) {
        const { transactions } = await launchAttack(recorder.drill, recorder.anvil.url, { kind, rounds: 1 })
        sent.push(...transactions.map((transaction) => ({ ...transaction, kind })))
      }
    }
    return sent
  })
  const engine = watcher()
  see(engine, [...deployment, ...before.bundles])
  const alerts = alertsOf(see(engine, runs.bundles))
  expect(alerts.map(({ categories }) => categories[0])).toEqual(
    runs.result.map(({ kind }) => expected[kind].category),
  )
})
