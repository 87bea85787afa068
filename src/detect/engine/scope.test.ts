import { expect, test } from 'vitest'
import { address, call, delegate, pay } from '../../../test/harness/build.ts'
import { askAbout, protecting } from '../../../test/harness/detect.ts'
import { drain } from '../detectors/drain/drain.ts'

const implementation = address('implementation')
const proxy = address('proxy')
const usdc = address('usdc')
const thief = address('thief')

test('a proxy that runs protected code is protected, and the code is named with it', () => {
  const root = call(
    proxy,
    { input: '0x3ccfd60b' },
    delegate(implementation, '0x3ccfd60b', pay(usdc, { from: proxy, to: thief, amount: 9n })),
  )
  const [found] = askAbout(drain, protecting(implementation), { from: thief, root })
  expect(found).toMatchObject({ protected: [proxy], victims: [proxy, implementation] })
})

test('a contract that runs other code is nobody’s proxy', () => {
  const root = call(
    proxy,
    { input: '0x3ccfd60b' },
    delegate(address('other'), '0x3ccfd60b', pay(usdc, { from: proxy, to: thief, amount: 9n })),
  )
  expect(askAbout(drain, protecting(implementation), { from: thief, root })).toEqual([])
})
