import { expect, test } from 'vitest'
import {
  address,
  type BlockParts,
  block,
  call,
  create,
  data,
  hashOf,
  pay,
  type TransactionParts,
} from '../../../test/harness/build.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { AddressLabel } from '../../model/address-label.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { minHash } from '../../model/minhash.ts'
import { investigate } from '../investigate.ts'
import { withKnown } from '../with-known.ts'
import { type Known, NOTHING_KNOWN, partRecord } from './known.ts'

const [eve, tool, vault, token, mallory, copyTool, builder, bob] = [
  'eve',
  'tool',
  'vault',
  'token',
  'mallory',
  'copy tool',
  'builder',
  'bob',
].map(address) as [Address, Address, Address, Address, Address, Address, Address, Address]

type Parts = BlockParts & { gasPrices?: readonly bigint[] }

function factsOf({ gasPrices = [], ...parts }: Parts): BlockFacts {
  const bundle = block(parts)
  const transactions = bundle.transactions.map((tx, i) => ({ ...tx, gasPrice: gasPrices[i] ?? null }))
  return blockFacts({ ...bundle, transactions, miner: builder })
}

/** An investigation of the named transactions within a record. */
function look(
  blocks: readonly Parts[],
  names: readonly string[] = ['theft'],
  more: Partial<Known> = {},
): Investigation {
  const record = blocks.map(factsOf)
  const hashes = new Set(names.map(hashOf))
  const suspects = record.flatMap((facts) =>
    facts.transactions
      .filter(({ transaction }) => hashes.has(transaction.hash))
      .map((tx) => ({ facts, tx, findings: [], blind: [] })),
  )
  const options = { suspects, protect: new Set([vault]), names: new Map(), functions: new Map(), full: false }
  return withKnown(investigate(options), {
    suspects,
    known: { ...NOTHING_KNOWN, ...partRecord(record, { hashes, chainId: 1 }), ...more },
  })
}

const actor = (found: Investigation, who: Address) => found.actors.find((it) => it.address === who)

const steal = (by: Address, withTool: Address, parts: Partial<TransactionParts> = {}): TransactionParts => ({
  name: 'theft',
  from: by,
  root: call(
    withTool,
    { input: data('0x11111111') },
    call(
      vault,
      { input: data('0xaabbccdd', withTool, 100n) },
      pay(token, { from: vault, to: withTool, amount: 100n }),
    ),
  ),
  ...parts,
})
const send = (from: Address, to: Address, value: bigint, name = `${from}${to}`): TransactionParts => ({
  name,
  from,
  root: call(to, { value }),
})
const give = (from: Address, to: Address, amount: bigint, name = 'gift'): TransactionParts => ({
  name,
  from,
  root: { ...pay(token, { from, to, amount }) },
})
const giveFromTool = (to: Address, amount: bigint, name = 'gift'): TransactionParts => ({
  name,
  from: eve,
  root: call(tool, {}, pay(token, { from: tool, to, amount })),
})

test('the sender and his contract are attackers, each with the transaction and what it gained', () => {
  const found = look([{ transactions: [steal(eve, tool)] }])
  expect(actor(found, eve)).toMatchObject({ role: 'attacker', kind: 'account', cluster: eve })
  expect(actor(found, tool)).toMatchObject({ role: 'attacker', kind: 'contract', cluster: eve })
  expect(actor(found, eve)?.reasons.join()).toContain(`sent ${hashOf('theft')}`)
  expect(actor(found, tool)?.reasons.join()).toContain(`gained 100 of ${token}`)
  expect(actor(found, vault)).toMatchObject({ role: 'victim' })
  expect(found.unexplained).toEqual(expect.not.arrayContaining([expect.stringContaining('funders')]))
})

const mixer: AddressLabel = {
  address: address('mixer'),
  name: 'Tornado',
  kind: 'mixer',
  source: 'a list',
  chainId: null,
}
const labels = new Map([[mixer.address, mixer]])

test('deployer and funders are told hop by hop, and the chain of funders ends at a labelled mixer', () => {
  const hop = address('hop')
  const found = look(
    [
      { number: 1, transactions: [send(address('before the mixer'), mixer.address, 9n)] },
      { number: 2, transactions: [send(mixer.address, hop, 8n, 'out')] },
      { number: 3, transactions: [send(hop, eve, 7n, 'in')] },
      { number: 4, transactions: [{ name: 'deploy', from: eve, nonce: 0, root: create(tool, {}) }] },
      { number: 9, transactions: [steal(eve, tool, { nonce: 1 })] },
    ],
    ['theft'],
    { labels },
  )
  expect(actor(found, eve)?.funders).toMatchObject([
    { from: hop, asset: 'native', amount: 7n, transactionHash: hashOf('in'), block: 3, hop: 1 },
    {
      from: mixer.address,
      to: hop,
      amount: 8n,
      hop: 2,
      label: { name: 'Tornado', kind: 'mixer', source: 'a list' },
    },
  ])
  expect(actor(found, tool)).toMatchObject({
    deployer: eve,
    createdAt: { block: 4, transactionHash: hashOf('deploy') },
  })
  expect(actor(found, eve)?.reasons.join()).toMatch(/fresh: it had sent 0 transactions/)
  expect(actor(found, tool)?.reasons.join()).toMatch(/created 5 blocks before the attack/)
  // no rule speaks here: 0.3 of itself, the rest is how it began
  expect(actor(found, eve)?.confidence).toBeGreaterThan(0.4)
})

test('money that came after a payment did not fund it', () => {
  const found = look([
    { number: 1, transactions: [send(bob, eve, 7n, 'in')] },
    { number: 2, transactions: [send(address('late'), bob, 7n)] },
    { number: 3, transactions: [steal(eve, tool)] },
  ])
  expect(actor(found, eve)?.funders?.map(({ from }) => from)).toEqual([bob])
})

test('whoever funds a fresh attacker is an accomplice, weakly; a faucet that funds many, or an old account’s payer, is not', () => {
  const fund = { number: 1, transactions: [send(bob, eve, 7n)] }
  const fresh = { number: 5, transactions: [steal(eve, tool, { nonce: 0 })] }
  expect(actor(look([fund, fresh]), bob)).toMatchObject({ role: 'accomplice', confidence: 0.3, cluster: eve })
  const others = ['a', 'b', 'c', 'd'].map((name) => send(bob, address(name), 7n))
  expect(actor(look([fund, { number: 2, transactions: others }, fresh]), bob)).toBeUndefined()
  const old = { number: 5, transactions: [steal(eve, tool, { nonce: 900 })] }
  expect(actor(look([fund, old]), bob)).toBeUndefined()
})

test('whoever deployed the attackers’ contract is an accomplice; the maker of a bot that many use is not', () => {
  const deploy = { number: 1, transactions: [{ name: 'deploy', from: bob, root: create(tool, {}) }] }
  const theft = { number: 5, transactions: [steal(eve, tool)] }
  expect(actor(look([deploy, theft]), bob)).toMatchObject({ role: 'accomplice' })
  const uses = ['a', 'b', 'c', 'd'].map((name) => ({ name, from: address(name), root: call(tool, {}) }))
  expect(actor(look([deploy, { number: 2, transactions: uses }, theft]), bob)).toBeUndefined()
})

test('who is paid the loot directly is an accomplice; who sells for it, and whom a token’s own fee pays, is not', () => {
  const passes = (...inner: Parameters<typeof call>[2][]) =>
    ({
      name: 'theft',
      from: eve,
      root: call(
        tool,
        {},
        call(vault, { input: data('0xaabbccdd') }, pay(token, { from: vault, to: tool, amount: 100n })),
        ...inner,
      ),
    }) satisfies TransactionParts
  const paid = look([{ transactions: [passes(pay(token, { from: tool, to: bob, amount: 50n }))] }])
  expect(actor(paid, bob)).toMatchObject({ role: 'accomplice', confidence: 0.5 })
  const market = call(
    bob,
    { input: data('0x99999999') },
    pay(address('coin'), { from: bob, to: tool, amount: 5n }),
  )
  const sold = look([{ transactions: [passes(pay(token, { from: tool, to: bob, amount: 50n }), market)] }])
  expect(actor(sold, bob)?.role).not.toBe('accomplice')
  const dust = look([{ transactions: [steal(eve, tool), giveFromTool(bob, 0n)] }])
  expect(actor(dust, bob)).toBeUndefined()
})

test('who gives everything back is a white hat; an attacker who sends dust back is not, and it is said', () => {
  const theft = { number: 1, transactions: [steal(eve, tool)] }
  const rescue = look([theft, { number: 2, transactions: [giveFromTool(vault, 95n)] }])
  expect([eve, tool].map((who) => actor(rescue, who)?.role)).toEqual(['white-hat', 'white-hat'])
  expect(actor(rescue, eve)?.reasons.join()).toMatch(/gave back 95.00 %/)
  // the public interface names who took it either way
  expect(rescue.attackers).toEqual({ accounts: [eve], contracts: [tool] })
  const dust = look([theft, { number: 2, transactions: [giveFromTool(vault, 1n)] }])
  expect(actor(dust, eve)).toMatchObject({ role: 'attacker' })
  expect(actor(dust, eve)?.reasons.join()).toMatch(/gave back 1.00 % of what it took: no rescue/)
  const elsewhere = look([theft, { number: 2, transactions: [giveFromTool(address('own wallet'), 95n)] }])
  expect(actor(elsewhere, eve)).toMatchObject({ role: 'attacker' })
})

test('what others pay through a router that the attacker used gives nothing back, and the router is nobody’s', () => {
  const theft = { number: 1, transactions: [steal(eve, tool)] }
  const uses = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    from: address(name),
    root: call(tool, {}, pay(token, { from: tool, to: vault, amount: 95n })),
  }))
  const few = look([theft, { number: 2, transactions: uses.slice(0, 1) }])
  expect([eve, tool].map((who) => actor(few, who)?.role)).toEqual(['attacker', 'attacker'])
  const many = look([theft, { number: 2, transactions: uses }])
  expect([eve, tool].map((who) => actor(many, who)?.role)).toEqual(['attacker', 'unknown'])
  expect(actor(many, tool)?.reasons.join()).toMatch(/4 other accounts called it/)
})

test('what is sold to the victim is not given back', () => {
  const sale: TransactionParts = {
    name: 'sale',
    from: eve,
    root: call(
      tool,
      {},
      pay(token, { from: tool, to: vault, amount: 100n }),
      call(address('market'), {}, pay(address('coin'), { from: address('market'), to: tool, amount: 90n })),
    ),
  }
  const found = look([
    { number: 1, transactions: [steal(eve, tool)] },
    { number: 2, transactions: [sale] },
  ])
  expect(actor(found, eve)).toMatchObject({ role: 'attacker' })
})

test('a label alone makes a white hat only while nothing was moved on', () => {
  const theft = { number: 1, transactions: [steal(eve, tool)] }
  const named: AddressLabel = { ...mixer, address: eve, name: 'Whitehat group', kind: 'account' }
  const more = { labels: new Map([[eve, named]]) }
  expect(actor(look([theft], ['theft'], more), eve)).toMatchObject({ role: 'white-hat', confidence: 0.6 })
  const sold = { number: 2, transactions: [giveFromTool(address('own wallet'), 95n)] }
  expect(actor(look([theft, sold], ['theft'], more), eve)).toMatchObject({ role: 'attacker' })
})

test('the same calls with the own address put in are a copier’s; a user of the same contract who pays for what he gets is not', () => {
  const theft = steal(eve, tool)
  const copy = steal(mallory, copyTool, { name: 'copy' })
  const found = look([{ number: 1, transactions: [theft, copy] }])
  expect(actor(found, mallory)).toMatchObject({ role: 'copier', cluster: mallory })
  expect(actor(found, copyTool)).toMatchObject({ role: 'copier', kind: 'contract' })
  expect(actor(found, mallory)?.reasons.join()).toMatch(/same but for its own addresses/)
  const bought: TransactionParts = {
    name: 'purchase',
    from: mallory,
    root: call(
      vault,
      { input: data('0xaabbccdd', mallory, 100n) },
      pay(token, { from: vault, to: mallory, amount: 100n }),
      pay(address('coin'), { from: mallory, to: vault, amount: 90n }),
    ),
  }
  expect(actor(look([{ number: 1, transactions: [theft, bought] }]), mallory)).toBeUndefined()
})

test('the same calls with other arguments may be a second attacker’s: unknown, unless he paid the maker of the block', () => {
  const other = (...inner: Parameters<typeof call>[2][]): TransactionParts => ({
    name: 'second',
    from: mallory,
    root: call(
      copyTool,
      {},
      call(
        vault,
        { input: data('0xaabbccdd', copyTool, 3n) },
        pay(token, { from: vault, to: copyTool, amount: 3n }),
      ),
      ...inner,
    ),
  })
  const near = (second: TransactionParts): Investigation =>
    look([
      { number: 1, transactions: [steal(eve, tool)] },
      { number: 2, transactions: [second] },
    ])
  expect(actor(near(other()), mallory)).toMatchObject({ role: 'unknown', confidence: 0.4 })
  expect(actor(near(other(call(builder, { value: 5n }))), mallory)).toMatchObject({ role: 'copier' })
})

test('who overtook somebody that failed with the same, by paying more for gas, is himself the copier', () => {
  const failed = steal(mallory, copyTool, { name: 'original' })
  const original = { ...failed, root: { ...failed.root, error: 'execution reverted' } }
  const overtaking = { number: 1, transactions: [steal(eve, tool), original] }
  const found = look([{ ...overtaking, gasPrices: [90n, 30n] }])
  expect(actor(found, eve)).toMatchObject({ role: 'copier' })
  expect(actor(found, eve)?.reasons.join()).toMatch(/paid more for gas/)
  expect(actor(look([{ ...overtaking, gasPrices: [30n, 30n] }]), eve)).toMatchObject({ role: 'attacker' })
})

test('two who race for the same with code and figures of their own are no copiers', () => {
  const other = steal(mallory, copyTool, { name: 'original' })
  const [entry] = other.root.inner
  if (entry === undefined || 'log' in entry) throw new Error('no call')
  const own = { ...entry, input: data('0xaabbccdd', copyTool, 77n) }
  const failed = { ...other, root: { ...other.root, inner: [own], error: 'execution reverted' } }
  const found = look([{ number: 1, transactions: [steal(eve, tool), failed], gasPrices: [90n, 30n] }])
  expect(actor(found, eve)).toMatchObject({ role: 'attacker' })
})

/** Sixty-odd different functions: long enough to be compared. */
const program = (seed: number): Hex =>
  `0x${Array.from({ length: 400 }, (_, i) => ['01', '03', '10', '54', '55', '50', '80', '91', '15', '33'][((i * i + seed * i + (i >> 3)) * (seed + 7)) % 10]).join('')}`

test('code like a known attacker’s, and actors of other incidents, are told with figure and id', () => {
  const hash = minHash(program(4))
  const known = {
    attackersCode: hash === null ? [] : [{ name: 'Drainer X', minHash: hash }],
    incidents: [
      { id: 'incident-7', actors: [eve] },
      { id: 'incident-8', actors: [bob] },
    ],
  }
  const deployed = (code: Hex): Parts => ({
    number: 1,
    transactions: [{ name: 'deploy', from: eve, root: create(tool, { output: code }) }],
  })
  const theft = { number: 2, transactions: [steal(eve, tool)] }
  const found = look([deployed(program(4)), theft], ['theft'], known)
  expect(actor(found, tool)?.similarTo).toEqual([{ name: 'Drainer X', similarity: 1 }])
  expect(actor(found, tool)?.reasons.join()).toMatch(
    /100 % \(±9\) that of Drainer X, from 80 % on as detector preparation/,
  )
  expect(actor(found, eve)).toMatchObject({ seenIn: ['incident-7'] })
  expect(actor(look([deployed(program(6)), theft], ['theft'], known), tool)?.similarTo).toBeUndefined()
})

test('an attacker who had the victim created is said to be an insider', () => {
  const found = look([
    { number: 1, transactions: [{ name: 'deploy', from: eve, root: create(vault, {}) }] },
    { number: 2, transactions: [steal(eve, tool)] },
  ])
  expect(actor(found, eve)?.reasons.join()).toMatch(/had a victim created/)
  expect(actor(found, vault)).toMatchObject({ role: 'victim', deployer: eve, createdAt: { block: 1 } })
})

test('who makes the block and is paid for it is no beneficiary, and nobody’s accomplice', () => {
  const paying = steal(eve, tool)
  const root = { ...paying.root, inner: [...paying.root.inner, call(builder, { value: 5n })] }
  const found = look([{ transactions: [{ ...paying, root }] }])
  expect(actor(found, builder)).toMatchObject({ role: 'unknown' })
  expect(actor(found, builder)?.reasons.join()).toMatch(/made the block/)
})

test('users and readers of the weak contract are told, the attackers are neither', () => {
  const reader = address('market')
  const found = look([
    {
      number: 1,
      transactions: [
        { name: 'use', from: bob, root: call(vault, { input: data('0x01020304') }) },
        give(bob, address('someone'), 1n, 'elsewhere'),
        {
          name: 'read',
          from: bob,
          root: call(
            reader,
            {},
            { ...call(vault, { input: data('0x0badf00d'), output: '0x01' }), type: 'STATICCALL' },
          ),
        },
      ],
    },
    { number: 2, transactions: [steal(eve, tool)] },
  ])
  expect(found.scope.users).toEqual({ count: 1, accounts: [bob] })
  expect(found.scope.dependants).toEqual([{ address: reader, reads: 1 }])
})
