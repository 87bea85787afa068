import { describe, expect, test } from 'vitest'
import type { Act } from '../../../test/harness/acts.ts'
import { deposit, look, reenter, vault, vaultScope, withdraw } from '../../../test/harness/acts.ts'
import { address, block, hashOf, rawBlock } from '../../../test/harness/build.ts'
import { parseBundle } from '../../chain/bundle/parse.ts'
import { blockFacts } from '../../facts/facts.ts'
import { alertsOf } from '../../incidents/alerts.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { detectors } from '../registry.ts'
import {
  blindIn,
  createEngine,
  evaluateBlock,
  evaluatePending,
  evaluateSettled,
  finalize,
  packKept,
  rollback,
} from './engine.ts'

const alice = address('alice')
const thief = address('thief')
const engine = () => createEngine({ detectors, scope: vaultScope })
const facts = (number: number, ...acts: readonly Act[]) => blockFacts(block({ number, transactions: acts }))
const at = (number: number) => ({ number, hash: hashOf(`block ${number}`) })
const states = ({ cells }: ReturnType<typeof engine>) => cells.map(({ state }) => structuredClone(state))

describe('a reorganised chain', () => {
  test('a deposit that was reorganised away no longer excuses a withdrawal', () => {
    const it = engine()
    evaluateBlock(it, facts(1, deposit(alice, 5_000n), look(5_000n)))
    evaluateBlock(it, facts(2, deposit(thief, 4_000n)))
    rollback(it, at(1))
    expect(evaluateBlock(it, facts(2, withdraw(thief, 4_000n)))).toHaveLength(1)
  })

  test('the same withdrawal is fine where the deposit stayed', () => {
    const it = engine()
    evaluateBlock(it, facts(1, deposit(alice, 5_000n), look(5_000n)))
    evaluateBlock(it, facts(2, deposit(thief, 4_000n)))
    expect(evaluateBlock(it, facts(3, withdraw(thief, 4_000n)))).toEqual([])
  })

  test('what is final is kept, and a rollback to it forgets all that came after', () => {
    const it = engine()
    evaluateBlock(it, facts(1, deposit(alice, 5_000n), look(5_000n)))
    evaluateBlock(it, facts(2, deposit(thief, 4_000n)))
    finalize(it, at(2))
    const settled = states(it)
    evaluateBlock(it, facts(3, withdraw(thief, 1_000n)))
    rollback(it, at(2))
    expect(states(it)).toEqual(settled)
    expect(it.unfinalised).toEqual([])
    expect(evaluateBlock(it, facts(3, withdraw(thief, 4_000n)))).toEqual([])
  })

  test('finality of a block long final, or never seen, changes nothing', () => {
    const it = engine()
    evaluateBlock(it, facts(5, deposit(alice, 5_000n)))
    const before = states(it)
    finalize(it, at(4))
    expect(states(it)).toEqual(before)
    expect(it.unfinalised).toHaveLength(1)
  })
})

describe('pending transactions', () => {
  test('they are judged like mined ones, and leave no trace', () => {
    const it = engine()
    evaluateBlock(it, facts(1, deposit(alice, 5_000n), look(5_000n)))
    const before = states(it)
    const [found] = evaluatePending(
      it,
      blockFacts(block({ number: 2, pending: true, transactions: [withdraw(thief, 5_000n)] })),
    )
    expect(found).toMatchObject({ pending: true, blockHash: null, detector: 'drain' })
    expect(states(it)).toEqual(before)
    expect(it.unfinalised).toHaveLength(1)
  })

  test('a pending deposit excuses nothing', () => {
    const it = engine()
    evaluateBlock(it, facts(1, deposit(alice, 5_000n), look(5_000n)))
    evaluatePending(
      it,
      blockFacts(block({ number: 2, pending: true, transactions: [deposit(thief, 4_000n)] })),
    )
    expect(evaluateBlock(it, facts(2, withdraw(thief, 4_000n)))).toHaveLength(1)
  })

  test('even where a detector throws, states are as before', () => {
    const it = engine()
    const before = it.cells.map(({ state }) => state)
    const broken = facts(1, deposit(alice, 1n))
    Object.defineProperty(broken, 'transactions', {
      get: () => {
        throw new RangeError('broken')
      },
    })
    expect(() => evaluatePending(it, broken)).toThrow('broken')
    expect(it.cells.map(({ state }) => state)).toEqual(before)
    it.cells.forEach(({ state }, i) => {
      expect(state).toBe(before[i])
    })
  })

  test('the finding is the same one when the transaction is mined', () => {
    const it = engine()
    const act = { ...reenter(thief, 100n), name: 'the attack' }
    const pending = evaluatePending(it, blockFacts(block({ number: 1, pending: true, transactions: [act] })))
    const mined = evaluateBlock(it, blockFacts(block({ number: 1, transactions: [act] })))
    expect(pending.map(({ fingerprint }) => fingerprint)).toEqual(mined.map(({ fingerprint }) => fingerprint))
    expect(pending.length).toBeGreaterThan(0)
  })
})

describe('detectors that cannot see', () => {
  const needingTraces = detectors.filter(({ needs }) => needs.includes('traces'))

  test('blocks without traces are counted for each detector, once a block', () => {
    const it = engine()
    const blindBlock = (number: number) =>
      blockFacts(block({ number, traces: 'none', transactions: [withdraw(thief, 1n)] }))
    evaluateBlock(it, blindBlock(1))
    evaluateSettled(it, blindBlock(2))
    evaluateBlock(it, facts(3, withdraw(thief, 1n)))
    expect([...it.blind.values()].sort((a, b) => (a.detector < b.detector ? -1 : 1))).toEqual(
      needingTraces
        .map(({ id }) => id)
        .sort()
        .map((detector) => ({
          detector,
          missing: 'traces',
          blocks: 2,
          transactions: 2,
        })),
    )
  })

  test('of a block that has some calls, each detector is blind to the transactions that have none', () => {
    const raw = rawBlock({
      transactions: [
        { ...withdraw(thief, 1n), name: 'unseen' },
        { ...reenter(thief, 100n), name: 'the attack' },
      ],
    })
    const whole = blockFacts(parseBundle(raw))
    const cut = blockFacts(parseBundle({ ...raw, traces: (raw['traces'] as unknown[]).slice(1) }))
    const it = engine()
    expect(blindIn(it, whole)).toEqual([])
    expect(blindIn(it, cut)).toEqual(
      detectors
        .filter(({ needs }) => needs.includes('traces'))
        .map(({ id }) => ({ detector: id, missing: 'traces', transactions: [hashOf('unseen')] })),
    )
    const findings = evaluateBlock(it, cut)
    expect(findings.map(({ transactionHash }) => transactionHash)).toContain(hashOf('the attack'))
    expect([...it.blind.values()].map(({ blocks, transactions }) => [blocks, transactions])).toEqual(
      needingTraces.map(() => [1, 1]),
    )
  })

  test('an empty block hides nothing, so nobody is blind to it', () => {
    const it = engine()
    evaluateBlock(it, blockFacts(block({ number: 1, traces: 'none', transactions: [] })))
    expect(it.blind.size).toBe(0)
  })

  test('a replay after a reorg does not count blindness twice', () => {
    const it = engine()
    evaluateBlock(it, blockFacts(block({ number: 1, traces: 'none', transactions: [withdraw(thief, 1n)] })))
    rollback(it, at(1))
    finalize(it, at(1))
    expect([...it.blind.values()].map(({ blocks }) => blocks)).toEqual(needingTraces.map(() => 1))
  })
})

describe('options', () => {
  test('invalid ones', () => {
    expect(() =>
      createEngine({ detectors, scope: vaultScope, options: { drain: { minShareBps: 0 } } }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [detect.InvalidOptions: The options of detector drain are not valid.
        detector: drain
        reason: [
        {
          "origin": "number",
          "code": "too_small",
          "minimum": 1,
          "inclusive": true,
          "path": [
            "minShareBps"
          ],
          "message": "Too small: expected number to be >=1"
        }
      ]
      Fix: Correct detectors.drain in cordon.config.ts; docs/detectors/drain.md lists the options.]
    `)
  })
  test('misspelt ones', () => {
    expect(() =>
      createEngine({ detectors: detectors.slice(0, 3), scope: vaultScope, options: { reentrency: {} } }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [detect.UnknownDetector: There are options for a detector that does not exist: reentrency.
        detector: reentrency
        known: ["activity","reentrancy","read-only-reentrancy"]
      Fix: Correct the name in detectors of cordon.config.ts, or remove it.]
    `)
  })
  test('a field that no option has', () => {
    expect(() => createEngine({ detectors, scope: vaultScope, options: { drain: { minShare: 1 } } })).toThrow(
      expect.objectContaining({ code: 'detect.InvalidOptions' }),
    )
  })
})

test('the order in which detectors are listed does not change the alerts', () => {
  const blocks = [
    facts(1, deposit(alice, 5_000n), look(5_000n)),
    facts(2, reenter(thief, 100n), withdraw(thief, 4_000n)),
  ]
  const [forth, back] = [detectors, [...detectors].reverse()].map((order) => {
    const it = createEngine({ detectors: order, scope: vaultScope })
    return blocks.flatMap((block) => alertsOf(evaluateBlock(it, block)))
  })
  const byTransaction = (alerts: typeof forth) =>
    [...(alerts ?? [])].sort((a, b) => ((a.transactionHash ?? '') < (b.transactionHash ?? '') ? -1 : 1))
  expect(byTransaction(forth)).toEqual(byTransaction(back))
  expect(forth).toHaveLength(2)
  expect(forth?.[0]?.protected).toEqual([vault])
})

test('blocks that are packed while they wait for finality roll back to the same findings', () => {
  const packed: unknown[] = []
  const packing = {
    pack: (facts: BlockFacts) => packed.push(facts) - 1,
    unpack: (at: unknown) => packed[Number(at)] as BlockFacts,
  }
  const [plain, packs] = [engine(), createEngine({ detectors, scope: vaultScope, packing })]
  for (const it of [plain, packs]) {
    evaluateBlock(it, facts(1, deposit(thief, 5n)))
    evaluateBlock(it, facts(2, withdraw(thief, 5n)))
    packKept(it)
    rollback(it, at(1))
  }
  expect(packed).toHaveLength(2)
  expect(evaluateBlock(packs, facts(2, withdraw(thief, 5n)))).toEqual(
    evaluateBlock(plain, facts(2, withdraw(thief, 5n))),
  )
})
