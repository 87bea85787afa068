import { expect, test } from 'vitest'
import type { CallNode, TransactionParts } from '../../../../test/harness/build.ts'
import {
  address,
  call,
  data,
  log,
  pay,
  pull,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { protecting, watchWith } from '../../../../test/harness/detect.ts'
import { TOPICS } from '../../../facts/signatures.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { optionAbuse } from './option-abuse.ts'

const vault = address('option vault')
const oracle = address('expiry oracle')
const usdc = address('usdc')
const put = address('put 2000')
const call1800 = address('call 1800')
const nft = address('option token')
const writer = address('writer')
const holder = address('holder')
const other = address('other holder')
const operator = address('operator')
const thief = address('thief')
const scope = protecting(vault, oracle)

/** Blocks of the harness are 12 seconds apart from here on. */
const START = 1_600_000_000n
const EXPIRED = START - 86_400n
const STRIKE = 2_000_000_000n
const PAYOFF = 500_000_000n

const burn = (token: Address, from: Address, amount: bigint): CallNode =>
  call(token, { input: data('0x9dc29fac', from, amount) }, transferLog(token, { from, to: ZERO, amount }))
const mint = (token: Address, to: Address, amount: bigint): CallNode =>
  call(token, { input: data('0x40c10f19', to, amount) }, transferLog(token, { from: ZERO, to, amount }))
const price = (expiry: bigint, value: bigint): CallNode =>
  view(oracle, data('0x11223344', expiry), `0x${word(value)}`)

/** `exerciseAgainst(series, amount, writers…)`: no name that anybody knows; the price at expiry is asked for. */
function exercise(
  from: Address,
  amount: bigint,
  { token = put, payoff = PAYOFF, writers = 1, expiry = EXPIRED } = {},
): TransactionParts {
  const payments = Array.from({ length: writers }, () =>
    pay(usdc, { from: vault, to: from, amount: amount * payoff }),
  )
  const input = data('0xabcdef01', 3n, amount, from)
  return { from, root: call(vault, { input }, price(expiry, 1_500n), ...payments, burn(token, from, amount)) }
}

function write(from: Address, amount: bigint, token = put): TransactionParts {
  const posted = pull(usdc, { from, to: vault, amount: amount * STRIKE })
  return {
    from,
    root: call(vault, { input: data('0xabcdef02', 3n, amount) }, posted, mint(token, from, amount)),
  }
}

const say = (...acts: TransactionParts[]) => watchWith(optionAbuse, scope, acts)
const life = [write(writer, 9n), exercise(holder, 2n), exercise(other, 1n), exercise(holder, 3n)]
const silent = (...acts: TransactionParts[]) => expect(say(...acts).flat()).toEqual([])

test('one lot of options exercised against two writers pays twice what every other holder got', () => {
  const [last] = say(...life, exercise(thief, 2n, { writers: 2 })).at(-1) ?? []
  expect(last).toMatchObject({
    severity: 'critical',
    categories: ['option-abuse'],
    protected: [vault],
    victims: [vault],
    profit: [{ account: thief, asset: usdc, amount: 4n * PAYOFF }],
  })
  expect(last?.message).toContain('2.00 times the best price of 3 earlier exercises')
})

test('the attack does not become the norm', () => {
  const attack = exercise(thief, 2n, { writers: 2 })
  const found = say(...life, attack, { ...attack, name: 'again' }, { ...attack, name: 'and again' })
  expect(found.slice(-3).map((it) => it.length)).toEqual([1, 1, 1])
})

test('without any exercise before it, more than the writers posted in equal payments is told', () => {
  const greedy = exercise(thief, 1n, { writers: 5 })
  expect(say(write(writer, 9n), greedy).at(-1)).toMatchObject([{ severity: 'critical' }])
  silent(write(writer, 9n), exercise(holder, 1n, { writers: 2 }))
})

test('holders of different strikes are each paid by their own rate', () => {
  const other1800 = { token: call1800, payoff: PAYOFF * 3n }
  silent(
    ...life,
    exercise(holder, 1n, other1800),
    exercise(other, 2n, other1800),
    exercise(holder, 2n, other1800),
  )
})

test('an American option whose price follows the market is left alone', () => {
  const at = (payoff: bigint, from: Address) => exercise(from, 1n, { payoff })
  silent(at(100_000n, holder), at(150_000n, other), at(220_000n, holder), at(900_000n, other))
})

test('a function that takes claims pays without taking any', () => {
  const root = call(
    vault,
    { input: data('0xabcdef01', 3n, 2n, thief) },
    price(EXPIRED, 1_500n),
    pay(usdc, { from: vault, to: thief, amount: 2n * PAYOFF }),
  )
  expect(say(...life, { from: thief, root }).at(-1)).toMatchObject([
    { severity: 'critical', victims: [vault] },
  ])
})

test('a function that does many things may pay without taking a claim', () => {
  const manyFold = (parts: TransactionParts): TransactionParts => ({
    ...parts,
    root: { ...parts.root, input: data('0x11111111', 3n) },
  })
  const back = call(vault, {}, pay(usdc, { from: vault, to: writer, amount: STRIKE }))
  silent(...life.map(manyFold), manyFold({ from: writer, root: back }))
})

const issued = (id: bigint, to: Address): TransactionParts => {
  const minted = log(nft, [
    TOPICS['Transfer(address,address,uint256)'],
    topicOf(ZERO),
    topicOf(to),
    topicOf(id),
  ])
  const premium = pull(usdc, { from: to, to: vault, amount: 50_000n })
  return {
    from: to,
    root: call(
      vault,
      { input: data('0xabcdef03', 1n) },
      premium,
      call(nft, { input: data('0x40c10f19', to, id) }, minted),
    ),
  }
}
const exerciseId = (id: bigint, from: Address, amount: bigint): TransactionParts => ({
  from,
  root: call(vault, { input: data('0xb07f0a41', id) }, pay(usdc, { from: vault, to: from, amount })),
})

test('the same option token is paid for twice', () => {
  const acts = [
    issued(7n, thief),
    issued(8n, holder),
    exerciseId(8n, holder, 900_000n),
    exerciseId(7n, thief, 700_000n),
  ]
  silent(...acts)
  expect(say(...acts, { ...exerciseId(7n, thief, 700_000n), name: 'again' }).at(-1)).toMatchObject([
    { severity: 'critical', categories: ['option-abuse'] },
  ])
})

test('the same option token is paid for twice in one transaction', () => {
  const twice = call(
    thief,
    { input: '0xc0406226' },
    exerciseId(7n, thief, 9_000n).root,
    exerciseId(7n, thief, 9_000n).root,
  )
  expect(say(issued(7n, thief), { from: address('eoa'), root: twice }).at(-1)).toHaveLength(1)
})

test('an option is exercised in parts that name their amounts', () => {
  const part = (amount: bigint, name: string): TransactionParts => ({
    name,
    from: holder,
    root: call(vault, { input: data('0xa86265bb', 7n, 5n) }, pay(usdc, { from: vault, to: holder, amount })),
  })
  silent(issued(7n, holder), part(9_000n, 'one'), part(9_000n, 'two'))
})

test('options are issued for nothing where every writer posted collateral', () => {
  const free: TransactionParts = {
    from: thief,
    root: call(vault, { input: data('0xabcdef02', 3n, 100n) }, mint(put, thief, 100n)),
  }
  expect(say(...life, write(writer, 2n), free).at(-1)).toMatchObject([
    { severity: 'high', categories: ['option-abuse', 'unbacked-mint'] },
  ])
  silent(...life, write(writer, 2n), write(other, 100n))
})

const setPrice = (from: Address, expiry: bigint, value: bigint): TransactionParts => ({
  from,
  root: call(oracle, { input: data('0x55667788', expiry, value) }),
})
const settled = (from: Address, expiry: bigint, value: bigint): TransactionParts => {
  const amount = 4n * PAYOFF
  const root = call(
    vault,
    { input: data('0xabcdef01', 3n, 4n, from) },
    price(expiry, value),
    pay(usdc, { from: vault, to: from, amount }),
    burn(put, from, 4n),
  )
  return { from, root }
}

test('a settlement price that was set before the expiry is told when somebody is paid on it', () => {
  const soon = START + 40n
  const acts = (at: number) => [
    ...Array.from({ length: at }, (_, i) => ({
      ...setPrice(operator, EXPIRED - BigInt(i) * 60n, 1_900n),
      name: `filler ${i}`,
    })),
    setPrice(operator, soon, 1_500n),
    settled(holder, soon, 1_500n),
  ]
  expect(say(...acts(0)).flat()).toMatchObject([{ severity: 'critical', victims: [vault, oracle] }])
  silent(...acts(4))
})

test('a settlement price far from the last one is told where those who set it are paid on it', () => {
  const acts = (setter: Address, value: bigint) => [
    setPrice(operator, EXPIRED, 2_000n),
    settled(holder, EXPIRED, 2_000n),
    setPrice(setter, EXPIRED + 3_600n, value),
    settled(thief, EXPIRED + 3_600n, value),
  ]
  expect(say(...acts(thief, 400n)).at(-1)).toMatchObject([{ severity: 'high' }])
  silent(...acts(operator, 400n))
  silent(...acts(thief, 1_800n))
})

test('one payment of the underlying that is counted for two exercises is told from the vault’s own words', () => {
  const EXERCISE: Hex = '0xfa7bab37479e50a9b24a9412b879d400de9bcaa1e3a2b343e90bb370d85bbaa7'
  const said = (from: Address) =>
    log(vault, [EXERCISE, topicOf(thief), topicOf(from)], `0x${word(30n)}${word(7_000n)}`)
  const act = (value: bigint): TransactionParts => ({
    from: thief,
    root: call(
      vault,
      { input: data('0x58b36dac', 1n), value },
      said(writer),
      pay(usdc, { from: vault, to: thief, amount: 7_000n }),
      said(other),
      pay(usdc, { from: vault, to: thief, amount: 7_000n }),
    ),
  })
  expect(say(act(30n)).flat()).toMatchObject([{ severity: 'critical', categories: ['option-abuse'] }])
  silent(act(60n))
})
