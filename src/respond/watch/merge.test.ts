import { expect, test } from 'vitest'
import type { ChainUpdate } from '../../model/block.ts'
import { mergeUpdates } from './merge.ts'

const update = (number: number): ChainUpdate => ({ kind: 'finalized', block: { number, hash: null } })

test('a source is not read on while nobody takes what it gave', async () => {
  let given = 0
  async function* endless(): AsyncGenerator<ChainUpdate> {
    for (;;) yield update(given++)
  }
  const merged = mergeUpdates([endless()])
  await merged.next()
  for (let i = 0; i < 100; i++) await Promise.resolve()
  await new Promise((settle) => setImmediate(settle))
  expect(given).toBeLessThan(20)
  await merged.return(undefined)
})

test('ends when all sources have ended, and an error of one ends it after what came before', async () => {
  async function* some(): AsyncGenerator<ChainUpdate> {
    yield update(1)
    yield update(2)
  }
  async function* failing(): AsyncGenerator<ChainUpdate> {
    yield update(3)
    throw new Error('gone')
  }
  const taken: ChainUpdate[] = []
  for await (const one of mergeUpdates([some(), some()])) taken.push(one)
  expect(taken).toHaveLength(4)
  const reading = async (): Promise<void> => {
    for await (const _ of mergeUpdates([failing()]));
  }
  await expect(reading()).rejects.toThrow('gone')
})
