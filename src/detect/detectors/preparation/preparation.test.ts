import { expect, test } from 'vitest'
import { address, block, call, create } from '../../../../test/harness/build.ts'
import { aFinding } from '../../../../test/harness/builders.ts'
import { protecting, watchWith } from '../../../../test/harness/detect.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { createEngine, evaluateBlock } from '../../engine/engine.ts'
import { preparation } from './preparation.ts'

const vault = address('vault')
const stranger = address('stranger')
const knows = create(address('bot'), { output: `0x6080${vault.slice(2)}5af4` })

test('code that names a protected contract, from a fresh account, is said in a low voice', () => {
  const [found] = watchWith(preparation, protecting(vault), [{ from: stranger, nonce: 1, root: knows }])
  expect(found).toMatchObject([{ severity: 'low', categories: ['preparation'], protected: [vault] }])
})

test('from an old account, or code that knows nobody, it is not said', () => {
  expect(
    watchWith(preparation, protecting(vault), [{ from: stranger, nonce: 900, root: knows }]).flat(),
  ).toEqual([])
  expect(
    watchWith(preparation, protecting(vault), [
      { from: stranger, nonce: 1, root: create(address('bot'), { output: '0x6080' }) },
    ]).flat(),
  ).toEqual([])
})

test('funds from a listed source make it louder, through one account in between, and never more than medium', () => {
  const mixer = address('mixer')
  const engine = createEngine({
    detectors: [preparation],
    scope: protecting(vault),
    options: { preparation: { sources: [mixer] } },
  })
  const send = (from: `0x${string}`, to: `0x${string}`) => ({
    name: `${from}${to}`,
    from,
    root: call(to, { value: 10n }),
  })
  const steps = [
    send(mixer, address('hop')),
    send(address('hop'), stranger),
    { name: 'deploy', from: stranger, nonce: 900, root: knows },
  ]
  const found = steps.map((step, i) =>
    evaluateBlock(engine, blockFacts(block({ number: i + 1, transactions: [step] }))),
  )
  expect(found.map((list) => list.map(({ severity }) => severity))).toEqual([[], [], ['medium']])
})

/** Sixty-odd different functions: long enough to be compared. */
const program = (seed: number, owner: `0x${string}`): `0x${string}` =>
  `0x${Array.from({ length: 400 }, (_, i) => ['01', '03', '10', '54', '55', '50', '80', '91', '15', '33'][((i * i + seed * i + (i >> 3)) * (seed + 7)) % 10]).join('')}73${owner.slice(2)}`

test('a copy of a listed attacker’s code is told, whoever deploys it and whomever it names', () => {
  const engine = createEngine({
    detectors: [preparation],
    scope: protecting(vault),
    options: { preparation: { attackers: [{ name: 'Drainer X', code: program(4, address('old')) }] } },
  })
  const deploy = (code: `0x${string}`) =>
    evaluateBlock(
      engine,
      blockFacts(
        block({
          number: 1,
          transactions: [{ from: stranger, nonce: 900, root: create(address('new'), { output: code }) }],
        }),
      ),
    )
  expect(deploy(program(4, address('other')))).toMatchObject([
    { severity: 'medium', message: expect.stringContaining('100 % (±9) that of Drainer X') },
  ])
  expect(deploy(program(6, address('old')))).toEqual([])
})

test('what was deployed in an attack that another detector saw is known from then on', () => {
  const accuser = {
    id: 'accuser',
    title: 'says that transactions of the thief are attacks',
    layer: 'pattern' as const,
    needs: [],
    options: preparation.options,
    init: () => null,
    stateVersion: 1,
    snapshot: () => null,
    evaluate: ({ facts }: Parameters<typeof preparation.evaluate>[0]) =>
      facts.transactions
        .filter(({ transaction }) => transaction.from === address('thief'))
        .map(({ transaction }) => aFinding({ transactionHash: transaction.hash, detector: 'accuser' })),
  }
  const engine = createEngine({ detectors: [preparation, accuser], scope: protecting(vault) })
  const deploy = (name: string, from: `0x${string}`, owner: string) =>
    evaluateBlock(
      engine,
      blockFacts(
        block({
          number: 1,
          transactions: [
            { name, from, nonce: 900, root: create(address(name), { output: program(5, address(owner)) }) },
          ],
        }),
      ),
    ).filter(({ detector }) => detector === 'preparation')
  expect(deploy('first', stranger, 'a')).toEqual([])
  expect(deploy('attack', address('thief'), 'b')).toEqual([])
  expect(deploy('copy', stranger, 'c')).toMatchObject([
    { severity: 'medium', message: expect.stringContaining('deployed in an attack seen here') },
  ])
})
