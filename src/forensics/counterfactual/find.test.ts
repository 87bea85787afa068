import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  delegate,
  pay,
  transaction,
  view,
  word,
} from '../../../test/harness/build.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Alteration, Attack } from './alteration.ts'
import { alterationsOf } from './find.ts'

const [thief, tool, vault, token, feed] = ['thief', 'tool', 'vault', 'token', 'feed'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const WITHDRAW: Hex = '0x2e1a7d4d'
const PRICE: Hex = '0xa035b1fe'
const SET: Hex = '0x12345678'

function attackOf(root: CallNode, changes: Partial<Attack> = {}): Attack {
  return {
    transactions: blockFacts(transaction({ from: thief, root })).transactions,
    attackers: new Set([thief, tool]),
    standing: new Set([vault, token, feed]),
    suspected: [vault],
    ordinary: new Set(),
    used: new Set(),
    namesAttacker: new Set(),
    functions: new Map(),
    ...changes,
  }
}

function kindsOf(alterations: readonly Alteration[]): string[] {
  return alterations.filter(({ speaksFor }) => speaksFor.length > 0).map(({ kind }) => kind)
}

test('a withdrawal inside a withdrawal is a re-entry and no repeat', () => {
  const inner = call(vault, { input: data(WITHDRAW, 5n) }, call(tool, { value: 5n }))
  const root = call(tool, {}, call(vault, { input: data(WITHDRAW, 5n) }, call(tool, { value: 5n }, inner)))
  const found = alterationsOf(attackOf(root), 24)
  expect(found[0]).toMatchObject({
    kind: 're-entry-refused',
    contract: vault,
    function: WITHDRAW,
    frame: 3,
    program: { kind: 'lock', entries: [WITHDRAW], reads: [] },
  })
  const [repeat] = found.filter(({ kind }) => kind === 'repeat-refused')
  expect(repeat?.statement).toContain('nothing was repeated')
})

test('what another contract reads of one that runs is refused to that reader alone', () => {
  const read = call(feed, { input: data(SET) }, view(vault, data(PRICE), `0x${word(9n)}`))
  const own = view(vault, data(PRICE), `0x${word(9n)}`)
  const root = call(
    tool,
    {},
    call(vault, { input: data(WITHDRAW, 5n) }, call(tool, { value: 5n }, own, read)),
  )
  const [lock] = alterationsOf(attackOf(root), 24)
  expect(lock).toMatchObject({
    kind: 're-entry-refused',
    contract: vault,
    program: { kind: 'lock', entries: [WITHDRAW], reads: [PRICE], readers: [feed] },
  })
})

test('code that a proxy runs is no second entry', () => {
  const root = call(tool, {}, call(vault, { input: data(WITHDRAW, 5n) }, delegate(feed, data(WITHDRAW, 5n))))
  const locks = alterationsOf(attackOf(root), 24).filter(({ kind }) => kind === 're-entry-refused')
  expect(locks.map(({ statement }) => statement.includes('it was not'))).toEqual([true])
})

test('two payments of the same sum by one contract are a repeat; to others, or of other sums, they are none', () => {
  const paying = (...amounts: [Address, bigint][]): CallNode =>
    call(
      tool,
      {},
      call(
        vault,
        { input: data(SET) },
        ...amounts.map(([to, amount]) => pay(token, { from: vault, to, amount })),
      ),
    )
  const repeats = (root: CallNode): string[] =>
    alterationsOf(attackOf(root), 24)
      .filter(({ kind, statement }) => kind === 'repeat-refused' && !statement.includes('nothing'))
      .map(({ contract, at }) => `${contract === vault} ${at === token}`)
  expect(repeats(paying([tool, 5n], [tool, 5n]))).toEqual(['true true'])
  expect(repeats(paying([tool, 5n], [tool, 6n]))).toEqual([])
  expect(repeats(paying([feed, 5n], [feed, 5n]))).toEqual([])
})

test('a balance read again or reserves synced again are no repeat, only what pays again is', () => {
  const BALANCE: Hex = '0x70a08231'
  const SYNC: Hex = '0xfff6cae9'
  const root = call(
    tool,
    {},
    call(vault, { input: data(SYNC) }),
    call(vault, { input: data(BALANCE, thief), output: `0x${word(5n)}` }),
    call(vault, { input: data(WITHDRAW, 5n) }, pay(token, { from: vault, to: thief, amount: 5n })),
    call(vault, { input: data(SYNC) }),
    call(vault, { input: data(BALANCE, thief), output: `0x${word(5n)}` }),
  )
  const repeats = alterationsOf(attackOf(root), 24).filter(({ kind }) => kind === 'repeat-refused')
  const rules = repeats.flatMap(({ program }) => (program.kind === 'rules' ? program.rules : []))
  expect(rules.map(({ match }) => (match.kind === 'selector' ? match.selector : ''))).toEqual([WITHDRAW])
})

test('what a contract asks about itself or about the attacker is no price', () => {
  const asked = (input: Hex): Alteration[] =>
    alterationsOf(
      attackOf(call(tool, {}, call(vault, { input: data(SET) }, view(feed, input, `0x${word(3n)}`)))),
      24,
    ).filter(({ kind }) => kind === 'price-held')
  expect(asked(data(PRICE))).toMatchObject([{ contract: vault, at: feed, function: SET }])
  expect(asked(data(PRICE, token))).toHaveLength(1)
  expect(asked(data(PRICE, tool))).toEqual([])
  expect(asked(data(PRICE, vault))).toEqual([])
})

test('a change speaks for a missing permission only where it put the attacker in charge, or where ordinary use has none of it', () => {
  const root = call(tool, {}, call(vault, { input: data(SET, tool) }))
  const undone = (changes: Partial<Attack>): string[] =>
    kindsOf(alterationsOf(attackOf(root, changes), 24)).filter((kind) => kind === 'change-undone')
  expect(undone({})).toEqual([])
  expect(undone({ namesAttacker: new Set([vault]) })).toEqual(['change-undone'])
  expect(undone({ used: new Set([vault]) })).toEqual(['change-undone'])
  expect(undone({ used: new Set([vault]), ordinary: new Set([`${vault}:${SET}`]) })).toEqual([])
})

test('bytes that the attacker handed over and that came out again are a forwarded call', () => {
  const inner = pay(token, { from: vault, to: tool, amount: 5n })
  const handed = (input: Hex): string[] =>
    kindsOf(alterationsOf(attackOf(call(tool, {}, call(vault, { input }, inner))), 24))
  expect(handed(`${data(SET, token)}${inner.input.slice(2)}`)).toContain('forwarded-call-refused')
  expect(handed(data(SET, token))).not.toContain('forwarded-call-refused')
})

test('the attacker’s own contracts and what the attack created are never altered', () => {
  const created = address('created in the attack')
  const root = call(tool, {}, call(created, { input: data(SET) }, call(tool, { input: data(SET) })))
  expect(alterationsOf(attackOf(root), 24)).toEqual([])
})

test('a huge trace with calls in calls is looked through in one pass, and so many alterations are tried at most', () => {
  let deep: CallNode = call(vault, { input: data(WITHDRAW, 0n) })
  for (let n = 0; n < 400; n++)
    deep = call(n % 2 === 0 ? tool : vault, { input: data(WITHDRAW, BigInt(n)) }, deep)
  const wide = Array.from({ length: 30_000 }, (_, n) =>
    call(n % 3 === 0 ? vault : token, { input: `0x${n.toString(16).padStart(8, '0')}` }),
  )
  const attack = attackOf(call(tool, {}, deep, ...wide))
  const before = cpuMilliseconds()
  const found = alterationsOf(attack, 24)
  expect(cpuMilliseconds() - before).toBeLessThan(2_000)
  expect(found).toHaveLength(9)
  for (const { program } of found)
    if (program.kind === 'lock') expect(program.entries.length).toBeLessThanOrEqual(32)
})
