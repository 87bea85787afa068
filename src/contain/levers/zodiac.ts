import { givenNumber, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Zodiac Delay: its owner skips what is queued. */
export const zodiacTemplates: readonly LeverTemplate[] = [
  {
    id: 'zodiac/delay-skip',
    protocol: 'Zodiac',
    kind: 'cancel',
    breadth: 'account',
    signature: 'setTxNonce(uint256)',
    recognisedBy: [
      'setTxNonce(uint256)',
      'txNonce()',
      'queueNonce()',
      'executeNextTx(address,uint256,bytes,uint8)',
    ],
    takes: ['item'],
    claims: {},
    trap: 'skips honest items that are queued before it too, for good; an enabled module may queue again',
    tried: { on: 'fixture', what: 'contracts/levers/Delay.sol' },
    find: skip,
  },
]

/** All that is queued, or up to and with item `given.item`. */
async function skip({ ask, target, given }: Subject): Promise<Found[]> {
  const view = 'txNonce() view returns (uint256)'
  const [next, end] = await Promise.all([
    ask(target, view).then(numberIn),
    ask(target, 'queueNonce() view returns (uint256)').then(numberIn),
  ])
  if (next === undefined || end === undefined || next >= end) return []
  const item = givenNumber(given, 'item')
  const to = item === undefined ? end : item + 1n
  if (to <= next || to > end) return []
  return [
    {
      target,
      args: [to],
      scope: `queued items ${next} to ${to - 1n}`,
      state: [readOf(target, view, { pulled: wordOf(to) })],
      evidence: [`${end - next} items are queued; ${to - next} are skipped`],
    },
  ]
}
