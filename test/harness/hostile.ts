import { TOPICS, VALUATIONS } from '../../src/facts/signatures.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import {
  address,
  type CallNode,
  call,
  create,
  data,
  delegate,
  type LogNode,
  log,
  pay,
  pull,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from './build.ts'

/*
 * Transactions made to be slow to judge: `size` is about the number of frames. 30 million gas buy some ten thousand
 * calls or logs, and the 63/64 rule some thousand nested calls.
 */

export const [thief, bot, vault, pool, market, usd, coin, share] = [
  'thief',
  'bot',
  'vault',
  'pool',
  'market',
  'usd',
  'coin',
  'share',
].map(address) as [Address, Address, Address, Address, Address, Address, Address, Address]

const RUN = '0xc0406226'
const ECRECOVER: Address = `0x${'0'.repeat(39)}1`

type Inner = CallNode | LogNode

const selector = (n: number): Hex => `0x${(0x10_00_00_00 + n).toString(16)}`
/** The n-th of many accounts: distinguished by its first bytes, and not a small number. */
const account = (n: number): Address => `0x${(0xabc0_0000 + n).toString(16)}${'5e'.repeat(16)}`
const many = (count: number, make: (n: number) => Inner | readonly Inner[]): Inner[] =>
  Array.from({ length: Math.ceil(count) }, (_, n) => make(n)).flat()
const run = (...inner: readonly Inner[]): CallNode => call(bot, { input: RUN }, ...inner)

/** Nested calls, `levels` deep; each level with the calls that `make` adds before and after the inner one. */
function nest(levels: number, make: (level: number, inner: readonly CallNode[]) => CallNode): CallNode {
  let node = make(levels, [])
  for (let level = levels - 1; level >= 0; level--) node = make(level, [node])
  return node
}

const swap = (sell: Address, buy: Address): CallNode[] => [
  pay(sell, { from: bot, to: pool, amount: 100n }),
  call(pool, { input: '0x022c0d9f' }, pay(buy, { from: pool, to: bot, amount: 100n })),
]
const look = (n: number): CallNode => view(pool, VALUATIONS['getReserves()'], `0x${word(n)}${word(7n)}`)
const burnOf = (token: Address, from: Address): LogNode => transferLog(token, { from, to: ZERO, amount: 5n })

/** Levels of a trace as deep as the EVM allows. */
const DEEP = 1_000

/** name → the root call */
export const hostileTraces: Readonly<Record<string, (size: number) => CallNode>> = {
  'a call after the other, each another function, each paid': (size) =>
    run(
      ...many(size / 2, (n) =>
        call(vault, { input: data(selector(n), bot) }, pay(usd, { from: vault, to: bot, amount: 1n })),
      ),
    ),
  'a call after the other that names the caller and moves nothing, then one payment': (size) =>
    run(
      ...many(size, (n) => call(vault, { input: data(selector(n), bot, bot) })),
      call(vault, { input: '0x3ccfd60b' }, pay(usd, { from: vault, to: bot, amount: 1n })),
    ),
  'a way back in, in a way back in: a thousand deep': (size) =>
    run(
      nest(DEEP / 2, (level, inner) =>
        call(
          vault,
          { input: data(selector(level), bot) },
          pay(usd, { from: vault, to: bot, amount: 1n }),
          call(
            bot,
            { value: 1n, input: RUN },
            ...inner,
            ...many(size / DEEP, (n) => call(vault, { input: data(selector(n + 7 * level), bot) })),
          ),
        ),
      ),
    ),
  'a way back in by a contract that nobody chose, a thousand deep and wide below': (size) =>
    run(
      nest(DEEP / 2, (level, inner) =>
        call(
          account(level),
          { input: data(selector(level)) },
          call(
            market,
            { input: selector(level) },
            ...inner,
            ...(inner.length > 0 ? [] : many(size, (n) => call(account(n), { input: selector(n) }))),
          ),
        ),
      ),
    ),
  'payments at the bottom of a thousand calls': (size) =>
    run(
      nest(DEEP - 2, (level, inner) =>
        call(
          account(level),
          { input: data(selector(level), bot) },
          ...inner,
          ...(inner.length > 0
            ? []
            : many(size / 2, (n) =>
                call(vault, { input: selector(n) }, pull(usd, { from: account(n), to: bot, amount: 1n })),
              )),
        ),
      ),
    ),
  'the price is moved and asked, thousands of times': (size) =>
    run(
      ...many(size / 10, (n) => [
        ...swap(usd, coin),
        call(market, { input: selector(n) }, look(n), pay(usd, { from: market, to: bot, amount: 1n })),
        ...swap(coin, usd),
      ]),
    ),
  'prices are moved, and asked by whom asks whom asks, a thousand deep': (size) =>
    run(
      ...many(100, () => swap(usd, coin)),
      nest(DEEP - 2, (level, inner) =>
        call(
          level === 0 ? market : account(level),
          {
            type: level === 0 ? 'CALL' : 'STATICCALL',
            input: VALUATIONS['latestAnswer()'],
            output: `0x${word(9n)}`,
          },
          ...inner,
          ...(inner.length > 0 ? [] : many(size / 2, look)),
        ),
      ),
      ...many(100, () => swap(coin, usd)),
    ),
  'a price that is asked and rises, thousands of times': (size) =>
    run(
      ...many(size / 4, (n) => [
        call(
          market,
          { input: selector(n) },
          view(vault, VALUATIONS['getPricePerFullShare()'], `0x${word(1n << BigInt(n % 200))}`),
          pay(usd, { from: market, to: bot, amount: 1n }),
        ),
        pay(usd, { from: bot, to: vault, amount: 1n }),
      ]),
    ),
  'contracts are made by the thousand, and everybody is told of them': (size) =>
    run(
      ...many(size / 4, (n) => create(account(n), {})),
      ...many(size / 4, (n) => call(vault, { input: data(selector(n), account(n), account(n + 1)) })),
      ...many(size / 4, (n) =>
        call(vault, { input: selector(n) }, call(account(n), { input: '0x50d25bcd' })),
      ),
    ),
  'told of a new contract a thousand deep, and it is asked at the end': (size) =>
    run(
      create(account(1), {}),
      nest(DEEP / 2, (level, inner) =>
        call(
          vault,
          { input: data(selector(level), account(1), account(1), account(1)) },
          call(bot, { input: RUN }, ...inner, ...many(size / DEEP, () => view(usd, '0x313ce567', '0x'))),
        ),
      ),
      call(vault, { input: RUN }, call(account(1), { input: '0x50d25bcd' })),
    ),
  'balances are read between payments': (size) =>
    run(
      ...many(size / 2, (n) => [
        view(usd, data('0x70a08231', vault), `0x${word(n)}`),
        call(vault, { input: selector(n) }, transferLog(usd, { from: vault, to: account(n), amount: 1n })),
      ]),
    ),
  'thousands of contracts pay, each its own coin': (size) =>
    run(
      ...many(size / 3, (n) => [
        view(account(n + 1), data('0x70a08231', account(n)), `0x${word(5n)}`),
        call(account(n), { input: RUN }, pay(account(n + 1), { from: account(n), to: bot, amount: 5n })),
      ]),
    ),
  'thousands of pools are left': (size) =>
    run(
      ...many(size / 4, (n) =>
        call(
          account(n),
          { input: '0x89afcb44' },
          view(account(n), VALUATIONS['getReserves()'], `0x${word(5n)}${word(5n)}`),
          burnOf(account(n), account(n)),
          pay(usd, { from: account(n), to: bot, amount: 5n }),
          pay(coin, { from: account(n), to: bot, amount: 5n }),
        ),
      ),
    ),
  'one pool is left thousands of times': (size) =>
    run(
      look(5),
      ...many(size / 2, () =>
        call(
          pool,
          { input: '0x89afcb44' },
          burnOf(pool, pool),
          transferLog(usd, { from: pool, to: bot, amount: 5n }),
          pay(coin, { from: pool, to: bot, amount: 5n }),
        ),
      ),
    ),
  'mints and burns of strangers, and the supply is asked': (size) =>
    run(
      ...many(size / 3, (n) => [
        call(
          vault,
          { input: data('0x40c10f19', bot, 5n) },
          call(share, { input: selector(n) }, transferLog(share, { from: ZERO, to: bot, amount: 5n })),
        ),
        call(share, { input: data('0x9dc29fac', account(n)) }, burnOf(share, account(n))),
      ]),
      view(share, '0x18160ddd', `0x${word(1n)}`),
    ),
  'signatures by the thousand, and a payment at the end': (size) =>
    run(
      ...many(size / 2, (n) =>
        call(
          vault,
          { input: selector(n) },
          view(ECRECOVER, `0x${word(n)}${word(27n)}${word(n)}${word(n)}`, '0x'),
        ),
      ),
      ...many(size / 2, () => transferLog(usd, { from: account(1), to: account(2), amount: 5n })),
      pay(usd, { from: vault, to: bot, amount: 5n }),
    ),
  'votes by the thousand': (size) =>
    run(
      ...many(size / 4, (n) => pay(account(n), { from: vault, to: bot, amount: 5n })),
      ...many(size / 2, (n) => call(vault, { input: data('0x56781388', BigInt(n), 1n) })),
      ...many(size / 4, (n) => pay(account(n + 1), { from: bot, to: market, amount: 5n })),
    ),
  'owners are named by the thousand': (size) =>
    run(
      ...many(size / 2, (n) => [
        call(
          vault,
          { input: selector(n) },
          log(vault, [TOPICS['OwnershipTransferred(address,address)'], topicOf(ZERO), topicOf(bot)]),
        ),
        pay(usd, { from: account(n), to: account(n + 1), amount: 5n }),
      ]),
      pay(usd, { from: vault, to: bot, amount: 5n }),
    ),
  'approvals by the thousand, all pulled': (size) =>
    run(
      ...many(size, (n) =>
        log(
          usd,
          [TOPICS['Approval(address,address,uint256)'], topicOf(account(n)), topicOf(market)],
          `0x${word(5n)}`,
        ),
      ),
      call(
        market,
        { input: RUN },
        ...many(size, (n) => pull(usd, { from: account(n), to: bot, amount: 5n })),
      ),
    ),
  'code run as one’s own by the thousand': (size) =>
    run(
      ...many(size / 2, (n) =>
        call(vault, { input: data('0x6a761202', bot, 0n, 320n, 1n) }, delegate(bot, selector(n))),
      ),
    ),
  'logs by the ten thousand': (size) =>
    run(
      call(
        vault,
        { input: RUN },
        ...many(size, (n) => transferLog(usd, { from: account(n), to: vault, amount: 1n })),
      ),
    ),
}
