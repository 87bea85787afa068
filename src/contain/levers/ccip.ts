import { pad } from 'viem'
import { givenNumber, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Chainlink CCIP: a token pool's rate limit per lane, and the curse of the Risk Management Network. */
const LIMIT = 'setChainRateLimiterConfig(uint64,(bool,uint128,uint128),(bool,uint128,uint128))'
const STATE = 'view returns ((uint128, uint32, bool, uint128, uint128))'
const OUTBOUND = `getCurrentOutboundRateLimiterState(uint64) ${STATE}`
const INBOUND = `getCurrentInboundRateLimiterState(uint64) ${STATE}`
/** The minimum that the pool accepts: it refuses a rate of 0, and one that is not below the capacity. */
const LEAST = { capacity: 2n, rate: 1n } as const
const MOST_SELECTOR = 2n ** 64n
/** The subject that means every lane. */
const EVERYTHING = '0x01000000000000000000000000000001'
const base = {
  protocol: 'Chainlink CCIP',
  tried: {
    on: 'package',
    what: '@chainlink/contracts-ccip 2.0.0, LockReleaseTokenPool 1.5.1 and RMNRemote 1.6.0',
  },
} as const

export const ccipTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'ccip/rate-limit',
    kind: 'cap',
    breadth: 'asset',
    signature: LIMIT,
    recognisedBy: [LIMIT, 'getCurrentOutboundRateLimiterState(uint64)'],
    needs: ['chainSelector'],
    claims: { transfer: 'blocked' },
    zeroMeaning:
      'isEnabled=false means UNLIMITED, and an enabled limit of 0 is refused: what stops is enabled with a capacity of 2 base units and 1 a second',
    trap: 'both directions at once: what is under way waits to be executed again; a few base units still pass',
    find: limitLane,
  },
  {
    ...base,
    id: 'ccip/curse',
    kind: 'pause',
    breadth: 'system',
    signature: 'curse(bytes16)',
    recognisedBy: ['curse(bytes16)', 'uncurse(bytes16)', 'isCursed(bytes16)'],
    takes: ['chainSelector'],
    claims: { transfer: 'blocked' },
    zeroMeaning: `a subject of 0 curses nothing that anybody asks for: every lane is ${EVERYTHING}`,
    trap: 'every token and message of the lanes, of everybody; what is under way waits',
    find: curse,
  },
]

async function limitLane({ target, ask, given }: Subject): Promise<Found[]> {
  const lane = givenNumber(given, 'chainSelector')
  if (lane === undefined || lane >= MOST_SELECTOR) return []
  const [outbound, inbound] = await Promise.all(
    [OUTBOUND, INBOUND].map(async (view) => configIn(await ask(target, view, [lane]))),
  )
  if (outbound === undefined || inbound === undefined) return []
  const least = [true, LEAST.capacity, LEAST.rate]
  return [
    {
      target,
      args: [lane, least, least],
      scope: `the lane to and from ${lane}`,
      state: [OUTBOUND, INBOUND].flatMap((view) => [
        readOf(target, view, { args: [lane], word: 2 }),
        readOf(target, view, { args: [lane], word: 3, pulled: wordOf(LEAST.capacity) }),
      ]),
      undo: { signature: LIMIT, args: [lane, outbound, inbound] },
      evidence: [`out: ${told(outbound)}; in: ${told(inbound)}`],
    },
  ]
}

type Config = readonly [boolean, bigint, bigint]

function configIn(answer: readonly unknown[] | null): Config | undefined {
  const bucket: readonly unknown[] = Array.isArray(answer?.[0]) ? answer[0] : []
  const [capacity, rate] = [numberIn(bucket, 3), numberIn(bucket, 4)]
  if (capacity === undefined || rate === undefined) return undefined
  return [bucket[2] === true, capacity, rate]
}

function told([isEnabled, capacity, rate]: Config): string {
  return isEnabled ? `at most ${capacity}, ${rate} a second` : 'unlimited'
}

async function curse({ target, given }: Subject): Promise<Found[]> {
  const lane = givenNumber(given, 'chainSelector')
  if (lane !== undefined && lane >= MOST_SELECTOR) return []
  const one = lane === undefined ? EVERYTHING : pad(`0x${lane.toString(16)}`, { size: 16 })
  return [
    {
      target,
      args: [one],
      scope: lane === undefined ? 'every lane of this chain' : `the lanes to and from ${lane}`,
      state: [readOf(target, 'isCursed(bytes16) view returns (bool)', { args: [one] })],
      undo: { signature: 'uncurse(bytes16)', args: [one] },
    },
  ]
}
