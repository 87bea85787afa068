import { givenAddress, givenNumber, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Opyn Gamma: two pauses of the Controller, and the dispute of an expiry price at the Oracle, whose clock no pause stops. */
const PARTIAL = 'setSystemPartiallyPaused(bool)'
const FULL = 'setSystemFullyPaused(bool)'
const DISPUTE = 'disputeExpiryPrice(address,uint256,uint256)'
const PRICE = 'getExpiryPrice(address,uint256) view returns (uint256, bool)'
const CLOCK = 'the dispute clock runs on: a wrong expiry price can become final meanwhile'
const base = {
  protocol: 'Opyn Gamma',
  together: ['opyn/dispute-price'],
  tried: { on: 'fixture', what: 'contracts/levers/OpynGamma.sol' },
} as const

export const opynTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'opyn/partial-pause',
    kind: 'pause',
    breadth: 'operation',
    signature: PARTIAL,
    recognisedBy: [PARTIAL, FULL, 'systemPartiallyPaused()'],
    claims: {
      borrow: 'blocked',
      repay: 'blocked',
      supply: 'blocked',
      'top-up': 'blocked',
      withdraw: 'blocked',
      liquidate: 'blocked',
      close: 'open',
      settle: 'open',
    },
    trap: `nobody is liquidated, nobody can add collateral; redeeming goes on; ${CLOCK}`,
    find: async (subject) => pause(subject, PARTIAL, 'systemPartiallyPaused() view returns (bool)'),
  },
  {
    ...base,
    id: 'opyn/full-pause',
    kind: 'pause',
    breadth: 'system',
    signature: FULL,
    recognisedBy: [PARTIAL, FULL, 'systemFullyPaused()'],
    claims: {
      borrow: 'blocked',
      repay: 'blocked',
      supply: 'blocked',
      'top-up': 'blocked',
      withdraw: 'blocked',
      liquidate: 'blocked',
      close: 'blocked',
      settle: 'blocked',
    },
    trap: CLOCK,
    find: async (subject) => pause(subject, FULL, 'systemFullyPaused() view returns (bool)'),
  },
  {
    id: 'opyn/dispute-price',
    protocol: 'Opyn Gamma',
    kind: 'feed',
    breadth: 'asset',
    signature: DISPUTE,
    recognisedBy: [DISPUTE, 'getExpiryPrice(address,uint256)', 'isDisputePeriodOver(address,uint256)'],
    needs: ['asset', 'expiry', 'price'],
    claims: {},
    zeroMeaning: 'a price of 0 is taken as the price: every put pays in full; it is refused here',
    trap: 'once an expiry, and only while the dispute period lasts; the new price is final when it is over',
    tried: { on: 'fixture', what: 'contracts/levers/OpynGamma.sol' },
    find: dispute,
  },
]

function pause({ target }: Subject, signature: string, view: string): Found[] {
  return [
    {
      target,
      args: [true],
      scope: 'the whole system',
      state: [readOf(target, view)],
      undo: { signature, args: [false] },
    },
  ]
}

async function dispute({ target, ask, given }: Subject): Promise<Found[]> {
  const asset = givenAddress(given, 'asset')
  const [expiry, price] = [givenNumber(given, 'expiry'), givenNumber(given, 'price')]
  if (asset === undefined || expiry === undefined || price === undefined || price === 0n) return []
  const answer = await ask(target, PRICE, [asset, expiry])
  const before = numberIn(answer)
  // Already final: no longer a lever.
  if (before === undefined || answer?.[1] === true) return []
  return [
    {
      target,
      args: [asset, expiry, price],
      scope: `the price of ${asset} at ${expiry}`,
      state: [readOf(target, PRICE, { args: [asset, expiry], pulled: wordOf(price) })],
      evidence: [`the price now is ${before}, with 8 decimals, and not final`],
    },
  ]
}
