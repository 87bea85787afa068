import { describe, expect, test } from 'vitest'
import {
  address,
  call,
  create,
  data,
  delegate,
  pay,
  transaction,
  view,
} from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { toJson } from '../../../kit/json.ts'
import type { BlockBundle, StorageAccess } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Hash, Hex } from '../../../model/hex.ts'
import { assess, assessmentLines } from './assess.ts'
import { type InvariantState, invariants } from './invariants.ts'
import { modelSchema, saveModel } from './model.ts'

const vault = address('vault')
const code = address('code of the vault')
const token = address('token')
const alice = address('alice')
const mallory = address('mallory')
const helper = address('contract of mallory')
const DEPOSIT: Hex = '0xd0d0d0d0'
const WITHDRAW: Hex = '0xaaaaaaaa'
const HARVEST: Hex = '0xbbbbbbbb'

const scope: Scope = { kind: 'contracts', addresses: new Set([vault]) }
const use = (selector: Hex, value = 0n) => call(vault, { input: data(selector, 1n), value })

type Watch = { see(bundle: BlockBundle, suspects?: ReadonlySet<Hash>): Finding[]; state: InvariantState }

function watch(options: unknown = {}, over: Scope = scope): Watch {
  const parsed = invariants.options.parse(options)
  const state = invariants.init(parsed)
  return {
    state,
    see: (bundle, suspects = new Set()) =>
      invariants.evaluate({ facts: blockFacts(bundle), scope: over, suspects }, state, parsed),
  }
}

/** One transaction in a block. */
const by = (number: number, root: ReturnType<typeof call>, from = alice): BlockBundle =>
  transaction({ number, from, root })
/** Several calls of a stranger's contract. */
const flow = (number: number, ...inner: ReturnType<typeof call>[]): BlockBundle =>
  by(number, call(helper, { input: '0x01020304' }, ...inner), mallory)

/** A vault that was deposited to and withdrawn from one at a time. */
function ordinary(it: Watch, times = 60): Finding[] {
  const findings: Finding[] = []
  for (let i = 1; i <= times; i++) findings.push(...it.see(by(i, use(i % 2 === 0 ? DEPOSIT : WITHDRAW))))
  return findings
}

describe('what another detector suspects', () => {
  test('is judged and teaches nothing', () => {
    const [trusting, wary] = [watch(), watch()]
    ordinary(trusting, 20)
    ordinary(wary, 20)
    const hashes = new Set<Hash>()
    for (let n = 21; n < 60; n++) {
      const bundle = by(n, use(HARVEST))
      for (const { hash } of bundle.transactions) hashes.add(hash)
      trusting.see(bundle)
      wary.see(bundle, hashes)
    }
    const before = watch()
    ordinary(before, 20)
    expect(wary.state).toEqual(before.state)
    expect(trusting.state).not.toEqual(before.state)
  })
})

describe('sequences of calls', () => {
  test('ordinary single calls are silent from the first one on', () => {
    expect(ordinary(watch(), 200)).toEqual([])
  })
  test('a deposit and a withdrawal in one transaction, never seen before, is told with its history', () => {
    const it = watch()
    ordinary(it, 100)
    const [finding] = it.see(flow(200, use(DEPOSIT), use(WITHDRAW)))
    expect(finding).toMatchObject({ severity: 'medium', protected: [vault], actors: [mallory] })
    expect(finding?.categories).toEqual(['invariant', 'invariant-step'])
    expect(finding?.evidence[0]?.statement).toContain(
      'held 100 times in blocks 1 to 100; here 0xd0d0d0d0>0xaaaaaaaa',
    )
  })
  test('the longer the history, the surer', () => {
    const confidence = [40, 100, 400].map((times) => {
      const it = watch()
      ordinary(it, times)
      return it.see(flow(500, use(DEPOSIT), use(WITHDRAW)))[0]?.confidence ?? 0
    })
    expect(confidence).toEqual([...confidence].sort())
    expect(confidence[0]).toBeGreaterThan(0.5)
  })
  test('what was done in the learning time is usual later', () => {
    const it = watch()
    it.see(flow(0, use(DEPOSIT), use(WITHDRAW)))
    ordinary(it, 200)
    expect(it.see(flow(300, use(DEPOSIT), use(WITHDRAW)))).toEqual([])
    expect(it.see(flow(301, use(WITHDRAW), use(DEPOSIT)))).toHaveLength(1)
  })
  test('a function repeated is a sequence too, however often', () => {
    const it = watch()
    ordinary(it, 100)
    expect(it.see(flow(200, use(WITHDRAW), use(WITHDRAW), use(WITHDRAW)))).toHaveLength(1)
  })
  test.each([
    ['one call through a contract', [use(DEPOSIT)]],
    ['a call after reading', [view(vault, WITHDRAW, '0x01'), use(DEPOSIT)]],
    [
      'a call that failed before one that did not',
      [call(vault, { input: WITHDRAW, error: 'reverted' }), use(DEPOSIT)],
    ],
  ])('%s is no sequence', (_name, calls) => {
    const it = watch()
    ordinary(it, 100)
    expect(it.see(flow(200, ...calls))).toEqual([])
  })
  test('paying with a token of the protocol beside a call is no sequence', () => {
    const it = watch({}, { kind: 'contracts', addresses: new Set([vault, token]) })
    ordinary(it, 100)
    expect(it.see(flow(200, pay(token, { from: helper, to: vault, amount: 5n }), use(DEPOSIT)))).toEqual([])
  })
  test('the code behind a proxy is the same call, not a second one', () => {
    const it = watch({}, { kind: 'contracts', addresses: new Set([vault, code]) })
    for (let i = 1; i <= 80; i++) it.see(by(i, call(vault, { input: DEPOSIT }, delegate(code, DEPOSIT))))
    expect(it.state.protocols[0]?.functions.size).toBe(1)
    expect(it.state.protocols[0]?.steps.size).toBe(0)
  })
  test('what is done in the transaction that creates a contract of the protocol is its setting up', () => {
    const it = watch()
    ordinary(it, 100)
    const birth = call(helper, {}, create(vault, {}) as ReturnType<typeof call>, use(DEPOSIT), use(WITHDRAW))
    expect(it.see(by(200, birth, mallory))).toEqual([])
  })
})

describe('re-entry', () => {
  const reenter = call(vault, { input: WITHDRAW }, call(helper, {}, use(DEPOSIT)))
  test('through a stranger is told', () => {
    const it = watch()
    ordinary(it, 100)
    expect(it.see(flow(200, reenter))[0]?.evidence[0]?.statement).toContain('0xaaaaaaaa(0xd0d0d0d0)')
  })
  test('by contracts of the protocol among themselves is not: no stranger had a say', () => {
    const it = watch({}, { kind: 'contracts', addresses: new Set([vault, token]) })
    ordinary(it, 100)
    const inner = call(token, { input: HARVEST }, use(DEPOSIT))
    expect(it.see(flow(200, call(vault, { input: WITHDRAW }, inner)))).toEqual([])
  })
  test('by reading only is not', () => {
    const it = watch()
    ordinary(it, 100)
    const look = call(vault, { input: WITHDRAW }, call(helper, {}, view(vault, DEPOSIT, '0x01')))
    expect(it.see(flow(200, look))).toEqual([])
  })
  test('that is usual is not', () => {
    const it = watch()
    it.see(flow(0, reenter))
    ordinary(it, 100)
    expect(it.see(flow(200, reenter))).toEqual([])
  })
})

describe('with storage recorded', () => {
  const write = (slot: Hex, from: Hex, to: Hex): StorageAccess[] => [
    { op: 'read', address: vault, slot, value: from },
    { op: 'write', address: vault, slot, value: to },
  ]
  /** The bundle of {@link flow} with what each inner call did to storage. */
  const stored = (number: number, ...accesses: StorageAccess[][]): BlockBundle => {
    const bundle = flow(number, ...accesses.map((_, i) => use(i % 2 === 0 ? DEPOSIT : WITHDRAW)))
    return {
      ...bundle,
      transactions: bundle.transactions.map((tx) => ({
        ...tx,
        frames: tx.frames.map((frame, i) => ({ ...frame, storage: accesses[i - 1] ?? [] })),
      })),
    }
  }
  const trained = (): Watch => {
    const it = watch()
    for (let i = 1; i <= 100; i++) it.see(stored(i, write('0x1', '0x1', '0x2')))
    return it
  }
  test('a call that reads what an earlier one changed follows on it', () => {
    const second = write('0x1', '0x2', '0x3')
    expect(trained().see(stored(200, write('0x1', '0x1', '0x2'), second))).toHaveLength(1)
  })
  test('calls that share nothing are no sequence', () => {
    expect(trained().see(stored(200, write('0x1', '0x1', '0x2'), write('0x7', '0x1', '0x2')))).toEqual([])
  })
  test('a lock that is opened and closed again is nothing to depend on', () => {
    const lock = [...write('0x9', '0x1', '0x2'), ...write('0x9', '0x2', '0x1')]
    const first = [...lock, ...write('0x1', '0x1', '0x2')]
    expect(trained().see(stored(200, first, [...lock, ...write('0x7', '0x1', '0x2')]))).toEqual([])
  })
})

describe('other kinds speak only together', () => {
  const gift = (number: number, value: bigint): BlockBundle => by(number, use(DEPOSIT, value))
  const trained = (): Watch => {
    const it = watch()
    for (let i = 1; i <= 400; i++) it.see(gift(i, 1_000n + BigInt(i)))
    return it
  }
  test('a function or an amount never seen is not told alone', () => {
    expect(trained().see(by(500, use(HARVEST)))).toEqual([])
    expect(trained().see(gift(500, 10n ** 5n))).toEqual([])
  })
  test('a contract, where only people called, with an amount never seen, is', () => {
    const [finding] = trained().see(flow(500, use(DEPOSIT, 10n ** 18n)))
    expect(finding?.categories).toEqual(['invariant', 'invariant-caller', 'invariant-range'])
    expect(finding?.severity).toBe('high')
  })
  test('an amount within the margin never is', () => {
    expect(trained().see(flow(500, use(DEPOSIT, 4_000n)))).toEqual([])
  })
})

describe('under alarm', () => {
  const odd = (number: number): BlockBundle => flow(number, use(DEPOSIT), use(WITHDRAW))
  test('nothing is learned: the same again is told again', () => {
    const it = watch()
    ordinary(it, 100)
    expect([200, 201, 9_000].map((number) => it.see(odd(number)).length)).toEqual([1, 1, 1])
    expect(it.state.protocols[0]).toMatchObject({ transactions: 100, alarmed: 3 })
  })
  test('after the time of release it counts as judged, unless there is none', () => {
    const it = watch()
    const strict = watch({ releaseAfterBlocks: null })
    for (const each of [it, strict]) {
      ordinary(each, 100)
      each.see(odd(200))
    }
    expect(it.see(odd(200 + 21_600))).toEqual([])
    expect(strict.see(odd(200 + 21_600))).toHaveLength(1)
  })
  test('people may say that it was harmless', () => {
    const hash = odd(200).transactions[0]?.hash
    const it = watch({ benign: [hash] })
    ordinary(it, 100)
    expect([200, 201].map((number) => it.see(odd(number)))).toEqual([[], []])
  })
  test('a protocol whose use keeps changing is told as info once its budget of alarms is spent', () => {
    const it = watch({ alarmBudget: 0 })
    ordinary(it, 100)
    expect(it.see(odd(200))[0]?.severity).toBe('medium')
    expect(it.see(flow(201, use(WITHDRAW), use(DEPOSIT)))[0]?.severity).toBe('info')
  })
})

describe('a short history', () => {
  const many = (number: number): BlockBundle =>
    flow(number, use(HARVEST), use(WITHDRAW), use(WITHDRAW), use(DEPOSIT), use(HARVEST))
  test('of ten transactions is enough to tell of a contract that does several new things at once', () => {
    const it = watch()
    ordinary(it, 10)
    const [finding] = it.see(many(20))
    expect(finding?.categories).toEqual(expect.arrayContaining(['invariant-step', 'invariant-function']))
    expect(finding?.evidence[0]?.statement).toMatch(/held 10 times .* about 1 in \d+ ordinary transactions/)
  })
  test('of nine is not', () => {
    const it = watch()
    ordinary(it, 9)
    expect(it.see(many(20))).toEqual([])
  })
  test('is no reason to suspect its set-up: functions called one by one are silent', () => {
    const it = watch()
    const selectors = Array.from({ length: 30 }, (_, i): Hex => `0x000000${(i + 16).toString(16)}`)
    expect(selectors.flatMap((selector, i) => it.see(by(i, use(selector))))).toEqual([])
  })
  test('weak novelty is told where another detector suspects the transaction, and only there', () => {
    const it = watch()
    ordinary(it, 20)
    const odd = flow(30, use(DEPOSIT), use(WITHDRAW))
    const suspects = new Set(odd.transactions.map(({ hash }) => hash))
    expect(it.see(odd, suspects)).toHaveLength(1)
    const usual = by(31, use(DEPOSIT))
    expect(it.see(usual, new Set(usual.transactions.map(({ hash }) => hash)))).toEqual([])
    const alone = watch()
    ordinary(alone, 20)
    expect(alone.see(odd)).toEqual([])
  })
})

describe('too little to learn from', () => {
  test('is silent in findings, and said by the model with what is missing', () => {
    const it = watch()
    ordinary(it, 10)
    expect(it.see(flow(200, use(DEPOSIT), use(WITHDRAW)))).toEqual([])
    const [protocol] = it.state.protocols
    const found = protocol === undefined ? undefined : assess(protocol, { maxFalseRate: 0.1 })
    expect(found?.support.step).toMatchObject({ kind: 'too-weak', asked: 11, broken: 1, needed: 35 })
    expect(found?.missing.map(({ field }) => field)).toContain('storage')
    expect(found === undefined ? [] : assessmentLines(found).join('\n')).toContain('TOO WEAK')
  })
  test('without a protocol named nothing is learned or said', () => {
    const it = watch({}, { kind: 'everything' })
    ordinary(it, 100)
    expect(it.see(flow(200, use(DEPOSIT), use(WITHDRAW)))).toEqual([])
    expect(it.state.protocols).toEqual([])
  })
})

describe('the model', () => {
  test('saved and loaded judges as before', () => {
    const it = watch()
    ordinary(it, 100)
    const model = JSON.parse(toJson(saveModel(it.state.protocols)))
    expect(saveModel(modelSchema.parse(model).protocols)).toEqual(model)
    const odd = flow(200, use(DEPOSIT), use(WITHDRAW))
    expect(watch({ model }, { kind: 'everything' }).see(odd)).toEqual(it.see(odd))
  })
  test('frozen does not change', () => {
    const it = watch()
    ordinary(it, 100)
    const model = saveModel(it.state.protocols)
    const frozen = watch({ model, learning: false })
    ordinary(frozen, 50)
    expect(saveModel(frozen.state.protocols)).toEqual(model)
  })
  test('of a newer version is refused', () => {
    const model = { ...saveModel([]), version: 3 }
    expect(invariants.options.safeParse({ model }).success).toBe(false)
  })
  test('of the first version, which has no record of novelty, is read', () => {
    const it = watch()
    ordinary(it, 100)
    const { protocols, ...file } = saveModel(it.state.protocols)
    const model = { ...file, version: 1, protocols: protocols.map(({ novelty: _, ...protocol }) => protocol) }
    const old = watch({ model: JSON.parse(toJson(model)) }, { kind: 'everything' })
    expect(old.state.protocols[0]?.novelty.sums).toEqual([])
    expect(old.see(flow(200, use(DEPOSIT), use(WITHDRAW)))).toHaveLength(1)
  })
  test('groups are protocols of their own', () => {
    const other = address('other')
    const both: Scope = { kind: 'contracts', addresses: new Set([vault, other]) }
    const it = watch({ protocols: [{ name: 'vaults', addresses: [vault] }] }, both)
    ordinary(it, 5)
    expect(it.state.protocols.map(({ name, transactions }) => [name, transactions])).toEqual([
      ['vaults', 5],
      ['protected', 0],
    ])
  })
})
