import { expect, test } from 'vitest'
import { address, call, delegate, pay, pull } from '../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../test/harness/detect.ts'
import { arbitraryCall } from './arbitrary-call.ts'

const [thief, bot, proxy, router, owner, usdc, library] = [
  'thief',
  'bot',
  'proxy',
  'router',
  'owner',
  'usdc',
  'library',
].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const RUN = '0xc0406226'

test('a contract that runs its caller’s code as its own is flagged', () => {
  const root = call(bot, { input: RUN }, call(proxy, { input: '0x11111111' }, delegate(bot, '0x22222222')))
  const [found] = askAbout(arbitraryCall, protecting(proxy), { from: thief, root })
  expect(found).toMatchObject({
    severity: 'critical',
    protected: [proxy],
    categories: ['arbitrary-call', 'context-hijacking'],
  })
})

test('a proxy that runs its implementation, and a wallet that runs a library, are not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(proxy, { input: '0x11111111' }, delegate(library, '0x22222222')),
  )
  expect(askAbout(arbitraryCall, protecting(proxy), { from: thief, root })).toEqual([])
})

test('a router that moves a stranger’s tokens to its caller is flagged, protected or not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(router, { input: '0x33333333' }, pull(usdc, { from: owner, to: bot, amount: 900n })),
  )
  for (const scope of [protecting(router), everything]) {
    const [found] = askAbout(arbitraryCall, scope, { from: thief, root })
    expect(found).toMatchObject({ severity: 'critical', victims: [router, owner] })
    expect(found?.evidence[0]?.amounts).toEqual([{ account: bot, asset: usdc, amount: 900n }])
  }
})

test('a settlement that gives the stranger something in return is not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(
      router,
      { input: '0x33333333' },
      pull(usdc, { from: owner, to: bot, amount: 900n }),
      pull(address('dai'), { from: bot, to: owner, amount: 890n }),
    ),
  )
  expect(askAbout(arbitraryCall, protecting(router), { from: thief, root })).toEqual([])
})

test('a router that moves its own caller’s tokens is not', () => {
  const root = call(
    router,
    { input: '0x33333333' },
    pull(usdc, { from: owner, to: address('pool'), amount: 5n }),
    pay(usdc, { from: router, to: owner, amount: 4n }),
  )
  expect(askAbout(arbitraryCall, protecting(router), { from: owner, root })).toEqual([])
})

test('a multicall that runs its own functions is not', () => {
  const root = call(
    router,
    { input: '0xac9650d8' },
    delegate(router, '0x11111111', pull(usdc, { from: owner, to: address('pool'), amount: 5n })),
    delegate(router, '0x22222222'),
  )
  for (const scope of [protecting(router), everything])
    expect(askAbout(arbitraryCall, scope, { from: owner, root })).toEqual([])
})
