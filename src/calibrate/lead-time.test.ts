import { describe, expect, test } from 'vitest'
import { address } from '../../test/harness/build.ts'
import { attackLabel, judged } from '../../test/harness/judged.ts'
import { leadTime, WARNING_BLOCKS } from './lead-time.ts'

const thief = address('thief')
const loud = [{ severity: 'high' as const }]
const one = (rows: Parameters<typeof leadTime>[0]) => leadTime(rows).cases[0]

describe('when the first alert came', () => {
  test('with the harm itself: 0 blocks, and not in time', () => {
    const rows = [judged('harm', { label: attackLabel('a'), block: 10, words: loud })]
    expect(one(rows)).toMatchObject({ when: 'same-block', blocks: 0, seconds: 0 })
    expect(leadTime(rows).inTime).toMatchObject({ successes: 0, n: 1 })
  })

  test('about an earlier transaction of the same attacker: before', () => {
    const warned = judged('deploy', {
      block: 4,
      words: [{ severity: 'medium' }],
      protects: [],
      actors: [thief],
    })
    const harm = judged('harm', { label: attackLabel('a', { attackers: [thief] }), block: 10 })
    expect(one([warned, harm])).toMatchObject({
      when: 'before',
      blocks: 6,
      seconds: 72,
      alert: { by: 'attacker' },
    })
  })

  test('while the harm was pending: in time, although in the block it is mined in', () => {
    const pending = { blockNumber: 10, timestamp: null, severity: 'high' as const }
    const rows = [judged('harm', { label: attackLabel('a'), block: 10, words: loud, pending })]
    expect(one(rows)).toMatchObject({ when: 'pending', blocks: 0, seconds: null })
    expect(leadTime(rows).inTime.successes).toBe(1)
  })

  test('after the first of several: late, with how much was still to come', () => {
    const label = attackLabel('a')
    const rows = [10, 11, 14, 20].map((block) =>
      judged(`harm ${block}`, { label, block, words: block === 14 ? loud : [] }),
    )
    expect(one(rows)).toMatchObject({ when: 'after', blocks: -4, afterPaging: { successes: 1, n: 4 } })
  })

  test('never', () => {
    expect(one([judged('harm', { label: attackLabel('a') })])).toMatchObject({ when: 'never', blocks: null })
  })
})

describe('when harm began', () => {
  const rows = (label: ReturnType<typeof attackLabel>) => [
    judged('prepare', { label, block: 5, words: loud }),
    judged('harm', { label, block: 9 }),
  ]

  test('the label says so by transaction, block or time', () => {
    const [prepare, harm] = rows(attackLabel('a'))
    expect(one(rows(attackLabel('a', { firstHarmTransaction: harm?.transactionHash })))?.blocks).toBe(4)
    expect(one(rows(attackLabel('a', { firstHarmBlock: 9 })))?.seconds).toBe(48)
    const startedAt = (prepare?.timestamp ?? 0) + 30
    expect(one(rows(attackLabel('a', { startedAt })))).toMatchObject({
      when: 'before',
      blocks: null,
      seconds: 30,
    })
  })

  test('else with the first transaction of the case', () => {
    expect(one(rows(attackLabel('a')))).toMatchObject({ blocks: 0, harm: { from: 'first-transaction' } })
  })
})

test('an alert about the contract counts for a week, and neither a labelled one nor another chain’s does', () => {
  const harm = judged('harm', { label: attackLabel('a'), block: 100_000 })
  const at = (block: number, parts = {}) => judged(`warning ${block}`, { block, words: loud, ...parts })
  expect(one([at(100_000 - WARNING_BLOCKS), harm])).toMatchObject({
    when: 'before',
    alert: { by: 'contract' },
  })
  for (const other of [
    at(100_000 - WARNING_BLOCKS - 1),
    at(99_999, { chainId: 5 }),
    at(99_999, { label: attackLabel('other') }),
    at(99_999, { label: { ...attackLabel('fine'), label: 'benign' } }),
    at(99_999, { protects: [] }),
  ])
    expect(leadTime([other, harm]).cases.find(({ id }) => id === 'a')).toMatchObject({ when: 'never' })
})
