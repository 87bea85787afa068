import { expect, test } from 'vitest'
import { address, block, call, create } from '../../../test/harness/build.ts'
import { protecting, watchWith } from '../../../test/harness/detect.ts'
import { blockFacts } from '../../facts/facts.ts'
import { createEngine, evaluateBlock } from '../engine.ts'
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
