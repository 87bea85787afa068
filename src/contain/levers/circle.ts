import { givenAddress, numberIn, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Circle CCTP: the TokenMinter burns outgoing tokens and mints incoming ones. */
const SET = 'setMaxBurnAmountPerMessage(address,uint256)'
const VIEW = 'burnLimitsPerMessage(address) view returns (uint256)'
const base = {
  protocol: 'Circle CCTP',
  tried: { on: 'fixture', what: 'contracts/levers/CircleMinter.sol' },
} as const

export const circleTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'cctp/burn-limit',
    kind: 'cap',
    breadth: 'asset',
    signature: SET,
    recognisedBy: [SET, 'burnLimitsPerMessage(address)'],
    needs: ['asset'],
    claims: { transfer: 'blocked' },
    zeroMeaning:
      'a limit of 0 BLOCKS: the token counts as not supported; any other bounds one message, not their number',
    trap: 'only what leaves: what arrives is minted as before',
    find: limitBurn,
  },
  {
    ...base,
    id: 'cctp/minter-pause',
    kind: 'pause',
    breadth: 'contract',
    signature: 'pause()',
    recognisedBy: ['pause()', 'unpause()', 'pauser()', 'burnLimitsPerMessage(address)'],
    claims: { transfer: 'blocked' },
    trap: 'every token, both ways; what was burnt on another chain waits here until it ends',
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'all that this minter burns and mints',
        state: [readOf(target, 'paused() view returns (bool)')],
        undo: { signature: 'unpause()', args: [] },
      },
    ],
  },
]

async function limitBurn({ target, ask, given }: Subject): Promise<Found[]> {
  const asset = givenAddress(given, 'asset')
  const before = numberIn(await ask(target, VIEW, [asset]))
  if (asset === undefined || before === undefined) return []
  return [
    {
      target,
      args: [asset, 0n],
      scope: `what leaves of ${asset}`,
      state: [readOf(target, VIEW, { args: [asset], pulled: 'clear' })],
      undo: { signature: SET, args: [asset, before] },
      evidence: [`the limit of one message is ${before}`],
    },
  ]
}
