import { expect, test } from 'vitest'
import type { PinnedPlaybook } from '../model/playbook.ts'
import { choosePlaybook } from './choose.ts'
import { parsePlaybook } from './parse.ts'

function made(id: string, when: object): PinnedPlaybook {
  const steps = [{ id: 'a', action: 'notify' }]
  return parsePlaybook(
    JSON.stringify({ id, title: id, owner: 'o', level: 'test', description: 'd', when, steps }),
    id,
  )
}

const all = [
  made('rest', { severity: 'high' }),
  made('drains', { severity: 'high', categories: ['drain'] }),
  made('prices', { severity: 'high', categories: ['price-manipulation', 'donation'] }),
  made('one-price', { severity: 'high', categories: ['price-manipulation'] }),
  made('worst-drains', { severity: 'critical', categories: ['drain'] }),
  made('people', { severity: 'info', manual: true, categories: ['drain'] }),
]
const chosen = (severity: 'low' | 'high' | 'critical', ...categories: string[]): string[] =>
  [all, all.toReversed()].map(
    (order) => choosePlaybook(order, { severity, categories })?.playbook.id ?? 'none',
  )

test.each([
  ['high', ['drain'], 'drains'],
  ['critical', ['drain'], 'worst-drains'],
  ['high', ['price-manipulation', 'drain'], 'one-price'],
  ['high', ['donation'], 'prices'],
  ['high', ['drain', 'price-manipulation'], 'drains'],
  ['high', ['reentrancy'], 'rest'],
  ['high', [], 'rest'],
  ['low', ['drain'], 'none'],
] as const)('%s %j takes %s, whatever the order of the files', (severity, categories, id) => {
  expect(chosen(severity, ...categories)).toEqual([id, id])
})
