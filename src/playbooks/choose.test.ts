import { expect, test } from 'vitest'
import type { PinnedPlaybook } from '../model/playbook.ts'
import { type Attacked, choosePlaybook } from './choose.ts'
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
const chosenFrom = (playbooks: readonly PinnedPlaybook[], attacked: Attacked): string[] =>
  [playbooks, playbooks.toReversed()].map((order) => choosePlaybook(order, attacked)?.playbook.id ?? 'none')
const chosen = (severity: 'low' | 'high' | 'critical', ...categories: string[]): string[] =>
  chosenFrom(all, { severity, categories, protocols: ['other'] })

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

const settlements = made('settlements', {
  severity: 'high',
  categories: ['drain'],
  protocols: ['option', 'perp'],
})
const vaults = made('vaults', { severity: 'high', protocols: ['vault'] })
const rest = made('rest', { severity: 'high', categories: ['reentrancy'], otherwise: true })

test.each([
  [['drain'], ['option'], 'settlements'],
  [['drain'], ['perp', 'lending'], 'settlements'],
  [['drain'], ['lending'], 'drains'],
  [['drain'], ['vault'], 'drains'],
  [['donation'], ['vault'], 'vaults'],
  [['donation'], ['other'], 'rest'],
  [['reentrancy', 'drain'], ['option'], 'rest'],
] as const)(
  '%j on %j takes %s: the kind of protocol counts after the likeliest category',
  (categories, protocols, id) => {
    const playbooks = [settlements, vaults, rest, made('drains', { severity: 'high', categories: ['drain'] })]
    expect(chosenFrom(playbooks, { severity: 'high', categories: [...categories], protocols })).toEqual([
      id,
      id,
    ])
  },
)
