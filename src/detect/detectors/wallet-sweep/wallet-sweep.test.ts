import { expect, test } from 'vitest'
import { address, block, pay } from '../../../../test/harness/build.ts'
import { protecting } from '../../../../test/harness/detect.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Finding } from '../../../model/finding.ts'
import { createEngine, evaluateBlock } from '../../engine/engine.ts'
import { walletSweep } from './wallet-sweep.ts'

const wallet = address('hot wallet')
const stranger = address('stranger')
const tokens = ['usdc', 'dai', 'weth'].map(address)

/** The wallet pays, each payment at its block. */
function pays(
  payments: readonly { at: number; asset: `0x${string}`; to: `0x${string}` }[],
  expected: string[] = [],
): Finding[][] {
  const engine = createEngine({
    detectors: [walletSweep],
    scope: protecting(wallet),
    options: { 'wallet-sweep': { expected } },
  })
  return payments.map(({ at, asset, to }, i) =>
    evaluateBlock(
      engine,
      blockFacts(
        block({
          number: at,
          transactions: [{ name: `${i}`, from: wallet, root: pay(asset, { from: wallet, to, amount: 9n }) }],
        }),
      ),
    ),
  )
}
const sweep = (at: number) => tokens.map((asset, i) => ({ at: at + i, asset, to: stranger }))

test('three kinds of asset to one whom it never paid: flagged at the third', () => {
  const found = pays([{ at: 1, asset: address('usdc'), to: address('exchange') }, ...sweep(1_000)])
  expect(found.map((list) => list.map(({ severity }) => severity))).toEqual([[], [], [], ['high']])
  expect(found[3]?.[0]).toMatchObject({
    categories: ['key-compromise'],
    victims: [wallet],
    actors: [stranger],
  })
})

test('in the first blocks of a watch nobody is known yet: said lower', () => {
  expect(pays(sweep(1)).at(-1)).toMatchObject([{ severity: 'medium' }])
})

test('a rotation that was announced, and a receiver of old, are not flagged', () => {
  expect(pays(sweep(1_000), [stranger]).flat()).toEqual([])
  const known = tokens.map((asset, i) => ({ at: 5_000 + i, asset, to: stranger }))
  expect(pays([{ at: 1, asset: tokens[0] ?? stranger, to: stranger }, ...known]).flat()).toEqual([])
})
