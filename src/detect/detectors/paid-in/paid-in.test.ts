import { describe, expect, test } from 'vitest'
import { type Act, birth, usdc, vault, vaultScope } from '../../../../test/harness/acts.ts'
import {
  address,
  block,
  call,
  data,
  pay,
  pull,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import type { StateRead } from '../../../model/state-read.ts'
import { createEngine, evaluateBlock, evaluateSettled, finalize } from '../../engine/engine.ts'
import { restoreSnapshots, snapshotsOf } from '../../engine/snapshot.ts'
import { drain } from '../drain/drain.ts'
import { reentrancy } from '../reentrancy/reentrancy.ts'
import { openQuestion } from './judge.ts'
import { paidIn } from './paid-in.ts'
import { answered, viewsFor } from './views.ts'

const owner = address('owner')
const griefer = address('griefer')
const DEPOSIT: Hex = '0xd0e30db0'
const TAKE: Hex = '0xc0406226'

const factsOf = (act: Act, number: number) =>
  blockFacts(block({ number, transactions: [{ name: `tx ${number}`, ...act }] }))
const fresh = () => createEngine({ detectors: [reentrancy, paidIn], scope: vaultScope })
function watch(...acts: readonly Act[]): Finding[] {
  const engine = fresh()
  return acts.flatMap((act, i) => evaluateSettled(engine, factsOf(act, i + 1)))
}

const put = (amount: bigint, by: Address = griefer): Act => ({
  from: owner,
  root: call(by, { input: '0x27eec0b8' }, call(vault, { input: DEPOSIT, value: amount })),
})
/** Coin out of the vault in nested calls, `times` over. */
const nested = (amount: bigint, times: number, by: Address = griefer): Act => {
  const input = data('0x2e1a7d4d', amount)
  const pass = (left: number): ReturnType<typeof call> =>
    call(vault, { input }, call(by, { value: amount }, ...(left > 1 ? [pass(left - 1)] : [])))
  return { from: owner, root: call(by, { input: TAKE }, pass(times)) }
}

describe('payments that were seen', () => {
  test('one’s own deposit, taken out in nested calls, is on record and not acted on', () => {
    const [found] = watch(put(30n), nested(10n, 3))
    expect(found?.severity).toBe('medium')
    expect(found?.message).toContain('Not acted on: the takers only took back their own funds.')
    expect(found?.evidence.at(-1)?.statement).toContain('their payments show')
  })

  test('a coin more than the deposit is an attack, and the loss is what was not theirs', () => {
    const [found] = watch(put(30n), nested(10n, 4))
    expect(found?.severity).toBe('critical')
    expect(found?.evidence.at(-1)).toMatchObject({
      amounts: [{ account: vault, asset: 'native', amount: 10n }],
    })
  })

  test('the second time the deposit is gone', () => {
    expect(watch(put(30n), nested(10n, 3), nested(10n, 3)).map(({ severity }) => severity)).toEqual([
      'medium',
      'critical',
    ])
  })

  test('tokens are counted like coin', () => {
    const deposit: Act = {
      from: owner,
      root: call(
        griefer,
        { input: TAKE },
        call(vault, { input: '0xb6b55f25' }, pull(usdc, { from: griefer, to: vault, amount: 20n })),
      ),
    }
    const input = data('0x2e1a7d4d', 10n)
    const token = (...inner: ReturnType<typeof call>[]) => {
      const payment = pay(usdc, { from: vault, to: griefer, amount: 10n })
      return call(
        vault,
        { input },
        { ...payment, inner: [...payment.inner, call(griefer, { input: '0x0023de29' }, ...inner)] },
      )
    }
    const take: Act = { from: owner, root: call(griefer, { input: TAKE }, token(token())) }
    expect(watch(deposit, take).map(({ severity }) => severity)).toEqual(['medium'])
    expect(watch(take)[0]?.severity).not.toBe('medium')
  })

  test('loot that is paid in again for another account was taken all the same; a deposit so moved was not', () => {
    const pocket = address('pocket')
    const moved = (times: number): Act => {
      const { from, root } = nested(10n, times)
      const again = call(
        pocket,
        { input: '0x27eec0b8', value: 10n * BigInt(times) },
        call(vault, { input: DEPOSIT, value: 10n * BigInt(times) }),
      )
      return { from, root: { ...root, inner: [...root.inner, again] } }
    }
    const [attack] = watch(put(10n), moved(4))
    expect(attack?.severity).toBe('critical')
    expect(attack?.loss).toEqual([{ account: vault, asset: 'native', amount: 40n }])
    expect(attack?.evidence.at(-1)?.amounts).toEqual([{ account: vault, asset: 'native', amount: 30n }])
    expect(watch(put(40n), moved(4)).map(({ severity }) => severity)).toEqual(['medium'])
  })

  describe('a token that the contract never called', () => {
    const fake = address('fake token')
    const says = (amount: bigint) =>
      call(fake, { input: TAKE }, transferLog(fake, { from: vault, to: griefer, amount }))
    const gift: Act = {
      from: owner,
      root: call(fake, { input: TAKE }, transferLog(fake, { from: ZERO, to: vault, amount: 100n })),
    }
    const withWord = ({ from, root }: Act): Act => ({
      from,
      root: { ...root, inner: [...root.inner, says(90n)] },
    })

    test('says of a loss what it likes: takers of their own deposit stay quiet', () => {
      const found = watch(birth, gift, put(30n), withWord(nested(10n, 3)))
      expect(found.map(({ severity }) => severity)).toEqual(['medium'])
    })

    test('makes no drain of it, and nobody a taker', () => {
      const engine = createEngine({ detectors: [drain, paidIn], scope: vaultScope })
      const said = call(
        fake,
        { input: TAKE },
        view(fake, data('0x70a08231', vault), `0x${word(100n)}`),
        says(90n),
      )
      const acts: Act[] = [birth, gift, { from: owner, root: said }]
      const found = acts.flatMap((act, i) => evaluateSettled(engine, factsOf(act, i + 1)))
      expect(found).toMatchObject([{ severity: 'medium', actors: [owner], profit: [], loss: [] }])
    })

    test('adds nothing to what others took either', () => {
      const [found] = watch(birth, gift, put(30n), withWord(nested(10n, 4)))
      expect(found?.severity).toBe('critical')
      expect(found?.evidence.at(-1)?.amounts).toEqual([{ account: vault, asset: 'native', amount: 10n }])
    })

    test('is believed once the contract has called it', () => {
      const alice = address('alice')
      const deposited = pull(fake, { from: alice, to: vault, amount: 100n })
      const deposit: Act = { from: alice, root: call(vault, { input: '0xb6b55f25' }, deposited) }
      const found = watch(birth, deposit, put(30n), withWord(nested(10n, 3)))
      expect(found.map(({ severity }) => severity)).toEqual(['critical'])
    })
  })

  test('a gift is no deposit', () => {
    const gift: Act = { from: owner, root: call(griefer, { input: TAKE }, call(vault, { value: 30n })) }
    expect(watch(gift, nested(10n, 3))[0]?.severity).toBe('critical')
  })

  test('a deposit for a second account is gone when that one has withdrawn it', () => {
    const second = address('second')
    const withdrawn: Act = {
      from: second,
      root: call(vault, { input: data('0x2e1a7d4d', 30n) }, call(second, { value: 30n })),
    }
    expect(watch(put(30n), withdrawn, nested(10n, 3))[0]?.severity).toBe('critical')
  })

  test('a saver’s deposit covers nobody else: not by being paid a coin, not by being called on the way', () => {
    const saver = address('saver')
    const input = data('0x2e1a7d4d', 10n)
    const tiny = call(vault, { input: data('0x69328dec', saver) }, call(saver, { value: 1n }))
    const attack: Act = {
      from: owner,
      root: call(
        griefer,
        { input: TAKE },
        tiny,
        call(
          vault,
          { input },
          call(griefer, { value: 10n }, call(vault, { input }, call(griefer, { value: 10n }))),
        ),
      ),
    }
    expect(watch(put(1_000n, saver), attack)[0]?.severity).toBe('critical')
  })

  test('claims that were issued on the way in are no loss, and not excused', () => {
    const root = call(
      griefer,
      { input: TAKE },
      call(
        vault,
        { input: data('0x2e1a7d4d', 10n) },
        call(
          griefer,
          { value: 10n },
          call(
            vault,
            { input: data('0x2e1a7d4d', 10n) },
            transferLog(vault, { from: ZERO, to: griefer, amount: 10n }),
          ),
        ),
      ),
    )
    expect(watch(put(30n), { from: owner, root })[0]?.severity).not.toBe('medium')
  })

  test('what was paid in survives a restart', () => {
    const before = fresh()
    const facts = factsOf(put(30n), 1)
    evaluateBlock(before, facts)
    finalize(before, { number: 1, hash: facts.bundle.hash })
    const after = fresh()
    expect(restoreSnapshots(after, snapshotsOf(before))).toEqual([])
    expect(evaluateBlock(after, factsOf(nested(10n, 3), 2))[0]?.severity).toBe('medium')
  })
})

describe('what the contract itself says at the block before', () => {
  const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`
  function ask(
    found: Finding | undefined,
    answer: (to: Address, data: Hex) => bigint | null,
  ): Finding | undefined {
    const question = found === undefined ? undefined : openQuestion(found)
    if (found === undefined || question === undefined) return undefined
    const reads = viewsFor(question).map(({ to, data }): StateRead => {
      const value = answer(to, data)
      return { to, data, answer: value === null ? null : word(value) }
    })
    return answered(found, question, reads)
  }
  const holds = (account: Address) => account.slice(2)
  const BALANCE_OF = '0x70a08231'
  const book = (of: Address, amount: bigint) => (to: Address, asked: Hex) =>
    to === vault && asked === `${BALANCE_OF}${holds(of).padStart(64, '0')}` ? amount : null

  test('a deposit from before the watch is the taker’s own', () => {
    const [found] = watch(nested(10n, 3))
    expect(found?.severity).toBe('critical')
    expect(ask(found, book(griefer, 30n))).toMatchObject({ severity: 'medium' })
    expect(ask(found, book(griefer, 29n))).toMatchObject({ severity: 'critical' })
    expect(ask(found, () => null)).toMatchObject({ severity: 'critical' })
  })

  test('only the protected contract is asked about claims', () => {
    const [found] = watch(nested(10n, 3))
    const question = found === undefined ? undefined : openQuestion(found)
    const others = (question === undefined ? [] : viewsFor(question)).filter(({ to }) => to !== vault)
    expect(others.map(({ data }) => data.slice(0, 10))).toEqual(['0x4d2301cc'])
  })

  test('shares count as their part of what the contract holds, however many there are', () => {
    const [found] = watch(nested(10n, 3))
    const shares = (of: bigint, supply: bigint) => (to: Address, asked: Hex) => {
      if (asked.startsWith('0x4d2301cc')) return 100n
      if (to !== vault) return null
      if (asked === '0x18160ddd') return supply
      return asked.startsWith(BALANCE_OF) && asked.endsWith(holds(griefer)) ? of : null
    }
    expect(ask(found, shares(300n, 1_000n))).toMatchObject({ severity: 'medium' })
    expect(ask(found, shares(1_000n, 10_000n))).toMatchObject({ severity: 'critical' })
  })

  test('it cannot say more than was paid in where the whole past is known', () => {
    const [found] = watch(birth, nested(10n, 3))
    expect(ask(found, book(griefer, 30n))).toMatchObject({ severity: 'critical' })
  })

  test('the excess is told with its share of what the contract held', () => {
    const [found] = watch(put(10n), nested(10n, 3))
    const told = ask(found, (_to, asked) => (asked.startsWith('0x4d2301cc') ? 200n : null))
    expect(told?.evidence.at(-1)?.statement).toContain('20 more was not, 10.0 % of the contract’s balance')
  })
})
