import { expect, test } from 'vitest'
import { address, call, data, pay, transferLog, view, word, ZERO } from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../../test/harness/detect.ts'
import { liquidityPull } from './liquidity-pull.ts'

const insider = address('insider')
const pool = address('pool')
const router = address('router')
const [token, weth] = [address('token'), address('weth')]
const reserves = view(pool, '0x0902f1ac', `0x${word(1_000n)}${word(50n)}${word(0n)}`)
const remove = (a: bigint, b: bigint) =>
  call(
    router,
    { input: '0xbaa2abde' },
    reserves,
    call(
      pool,
      { input: data('0x89afcb44', insider) },
      transferLog(pool, { from: pool, to: ZERO, amount: 100n }),
      pay(token, { from: pool, to: insider, amount: a }),
      pay(weth, { from: pool, to: insider, amount: b }),
    ),
  )

test('nearly all of both reserves at once is said, and never above medium', () => {
  for (const scope of [protecting(pool), protecting(token), everything]) {
    expect(askAbout(liquidityPull, scope, { from: insider, root: remove(999n, 50n) })).toMatchObject([
      { severity: 'medium', categories: ['rug'] },
    ])
  }
})

test('a large provider who leaves half is not', () => {
  expect(askAbout(liquidityPull, protecting(pool), { from: insider, root: remove(500n, 25n) })).toEqual([])
})
