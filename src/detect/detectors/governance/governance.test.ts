import { expect, test } from 'vitest'
import { address, call, data, pay } from '../../../../test/harness/build.ts'
import { askAbout, protecting } from '../../../../test/harness/detect.ts'
import { governance } from './governance.ts'

const thief = address('thief')
const bot = address('bot')
const governor = address('governor')
const votes = address('votes')
const RUN = '0xc0406226'
const vote = call(governor, { input: data('0x56781388', 1n, 1n) })
const enact = call(governor, { input: data('0xfe0d94c1', 1n) })
const lender = address('lender')

test('a vote that is enacted in the same transaction is flagged', () => {
  expect(
    askAbout(governance, protecting(governor), { from: thief, root: call(bot, { input: RUN }, vote, enact) }),
  ).toMatchObject([{ severity: 'critical', categories: ['governance'] }])
})

test('a vote with power that came before it and left after it is flagged', () => {
  const borrow = call(lender, { input: '0x5cffe9de' }, pay(votes, { from: lender, to: bot, amount: 1_000n }))
  const root = call(bot, { input: RUN }, borrow, vote, pay(votes, { from: bot, to: lender, amount: 1_000n }))
  expect(askAbout(governance, protecting(governor), { from: thief, root })).toMatchObject([
    { severity: 'high' },
  ])
})

test('a vote is a vote, and an enactment days later is due', () => {
  expect(askAbout(governance, protecting(governor), { from: thief, root: vote })).toEqual([])
  expect(askAbout(governance, protecting(governor), { from: thief, root: enact })).toEqual([])
})

test('power that was bought or delegated for a campaign stays with the voter, and is no attack', () => {
  const buy = call(lender, { input: '0x022c0d9f' }, pay(votes, { from: lender, to: bot, amount: 1_000n }))
  const entrust = call(votes, { input: data('0x5c19a95c', bot) })
  for (const root of [
    call(bot, { input: RUN }, buy, vote),
    call(bot, { input: RUN }, entrust, vote),
    call(bot, { input: RUN }, buy, vote, pay(votes, { from: bot, to: lender, amount: 3n })),
  ])
    expect(askAbout(governance, protecting(governor), { from: thief, root })).toEqual([])
})
