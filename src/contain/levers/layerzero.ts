import { givenNumber, numberIn, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** LayerZero's RateLimiter in an OFT: the amount that leaves for one endpoint in a window. */
const SET = 'setRateLimits((uint32,uint192,uint64)[])'
const VIEW = 'rateLimits(uint32) view returns (uint192, uint64, uint192, uint64)'

export const layerzeroTemplates: readonly LeverTemplate[] = [
  {
    id: 'layerzero/rate-limit',
    protocol: 'LayerZero OFT',
    kind: 'cap',
    breadth: 'asset',
    signature: SET,
    recognisedBy: [SET, 'rateLimits(uint32)'],
    needs: ['eid'],
    claims: { transfer: 'blocked' },
    zeroMeaning: 'a limit of 0 BLOCKS; a window of 0 with a limit refills every second',
    trap: 'only what leaves: what comes in, minted against a forged message too, is not limited',
    tried: { on: 'package', what: '@layerzerolabs/oapp-evm 0.4.1, RateLimiter in an OFT of ours' },
    find: block,
  },
]

async function block({ target, ask, given }: Subject): Promise<Found[]> {
  const eid = givenNumber(given, 'eid')
  if (eid === undefined || eid >= 2n ** 32n) return []
  const answer = await ask(target, VIEW, [eid])
  const [limit, window] = [numberIn(answer, 2), numberIn(answer, 3)]
  if (limit === undefined || window === undefined) return []
  return [
    {
      target,
      args: [[[eid, 0n, window]]],
      scope: `what leaves for endpoint ${eid}`,
      state: [readOf(target, VIEW, { args: [eid], word: 2, pulled: 'clear' })],
      undo: { signature: SET, args: [[[eid, limit, window]]] },
      evidence: [`the limit is ${limit} in ${window} s`],
    },
  ]
}
