import { expect, test } from 'vitest'
import { silentLogger } from '../../kit/logger.ts'
import { emptyVitals } from '../../model/vitals.ts'
import { createHub, type LiveEvent } from '../../notify/hub.ts'
import type { App, ChainHandle } from '../context.ts'
import { startUpkeep, type UpkeepTask } from './upkeep.ts'

function aPlace() {
  const events: LiveEvent[] = []
  const hub = createHub()
  hub.listen((event) => events.push(event))
  const chain = { chainId: 1, vitals: emptyVitals() } as ChainHandle
  return { app: { hub, logger: silentLogger } as App, chain, events }
}
const at = (number: number) => ({ number, hash: null })

test('a task that is busy looks at the newest block when it is done, and never twice at once', async () => {
  const { app, chain } = aPlace()
  const looked: number[] = []
  const release: (() => void)[] = []
  const slow: UpkeepTask = {
    name: 'slow',
    run: (_app, _chain, block) =>
      new Promise((settle) => {
        looked.push(block.number)
        release.push(settle)
      }),
  }
  const upkeep = startUpkeep(app, chain, [slow])
  for (const number of [1, 2, 3, 4]) upkeep.onBlock(at(number))
  expect(looked).toEqual([1])
  release.shift()?.()
  await expect.poll(() => looked).toEqual([1, 4])
  release.shift()?.()
  await upkeep.stop()
  expect(looked).toEqual([1, 4])
})

test('a task that fails is told once, stops no other, is tried at the next block, and its recovery is told', async () => {
  const { app, chain, events } = aPlace()
  const refused = 'execution aborted'
  let fails = true
  const others: number[] = []
  const failing: UpkeepTask = {
    name: 'hold checks',
    run: async () => {
      if (fails) throw new Error(refused)
    },
  }
  const other: UpkeepTask = {
    name: 'other',
    run: async (_app, _chain, { number }) => void others.push(number),
  }
  const upkeep = startUpkeep(app, chain, [failing, other])
  for (const number of [1, 2, 3]) {
    upkeep.onBlock(at(number))
    await expect.poll(() => others.at(-1)).toBe(number)
  }
  expect([...chain.vitals.upkeepFailures]).toEqual([['hold checks', refused]])
  expect(events).toMatchObject([{ type: 'notice', code: 'upkeep-failed', facts: { reason: refused } }])
  fails = false
  upkeep.onBlock(at(4))
  await expect.poll(() => chain.vitals.upkeepFailures.size).toBe(0)
  expect(events.slice(1)).toMatchObject([{ type: 'notice', code: 'upkeep-recovered' }])
  await upkeep.stop()
})
