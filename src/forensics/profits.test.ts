import { expect, test } from 'vitest'
import { address } from '../../test/harness/build.ts'
import type { Actor, ActorRole } from '../model/actor.ts'
import type { BalanceChange } from '../model/investigation.ts'
import { profitsOf } from './profits.ts'

const [eve, tool, bot, vault, weth] = ['eve', 'tool', 'bot', 'vault', 'weth'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const actor = (of: `0x${string}`, role: ActorRole, cluster?: `0x${string}`): Actor => ({
  address: of,
  kind: 'account',
  role,
  confidence: 0.9,
  reasons: [],
  ...(cluster === undefined ? {} : { cluster }),
})
const change = (account: `0x${string}`, amount: bigint, usd?: string): BalanceChange => ({
  account,
  asset: weth,
  tokenId: null,
  amount,
  side: 'actor',
  ...(usd === undefined ? {} : { usd }),
})

test('what a group gained is summed over its members; what they hand to one another cancels out', () => {
  const actors = [
    actor(eve, 'attacker', eve),
    actor(tool, 'attacker', eve),
    actor(bot, 'copier'),
    actor(vault, 'victim'),
  ]
  const balanceChanges = [
    change(eve, 9n, '0.90'),
    change(tool, -2n, '-0.20'),
    change(bot, 1n),
    change(vault, -8n),
  ]
  expect(profitsOf({ actors, balanceChanges })).toEqual([
    { cluster: eve, members: [eve, tool], change: [{ asset: weth, tokenId: null, amount: 7n, usd: '0.70' }] },
    { cluster: bot, members: [bot], change: [{ asset: weth, tokenId: null, amount: 1n }] },
  ])
  const even = [change(eve, 5n), change(tool, -5n)]
  expect(profitsOf({ actors, balanceChanges: even })[0]?.change).toEqual([])
})
