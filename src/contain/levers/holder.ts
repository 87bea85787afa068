import { ALL_BITS } from '../../model/lever.ts'
import { givenAddress, givenNumber, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/**
 * Levers of a token holder: ERC-20 allowances and Permit2. Any account may make these calls, but only the holder’s own
 * call has an effect, so each lever names its caller.
 */
const APPROVE = 'approve(address,uint256)'
/** Permit2 lets a nonce jump by 65,535 at most. */
const MOST_JUMP = 65_535n
const PERMIT2 = 'allowance(address,address,address) view returns (uint160, uint48, uint48)'
const base = { kind: 'revoke', breadth: 'account', claims: {} } as const
const permit2 = {
  ...base,
  protocol: 'Permit2',
  tried: { on: 'fixture', what: 'contracts/levers/Permit2.sol' },
} as const

export const holderTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'erc20/approve-zero',
    protocol: 'ERC-20',
    signature: APPROVE,
    recognisedBy: [APPROVE, 'allowance(address,address)', 'balanceOf(address)'],
    needs: ['holder', 'spender'],
    trap: 'a signed EIP-2612 permit that is not used yet grants it again',
    tried: { on: 'package', what: '@openzeppelin/contracts 5.7.0, ERC20' },
    find: approveZero,
  },
  {
    ...permit2,
    id: 'permit2/lockdown',
    signature: 'lockdown((address token, address spender)[])',
    recognisedBy: ['lockdown((address,address)[])', 'allowance(address,address,address)'],
    needs: ['holder', 'asset', 'spender'],
    trap: 'zeroes the allowance and NOT the nonces: a signed permit that is not used yet grants it again',
    together: ['permit2/invalidate-nonces', 'permit2/invalidate-unordered'],
    find: lockdown,
  },
  {
    ...permit2,
    id: 'permit2/invalidate-nonces',
    signature: 'invalidateNonces(address,address,uint48)',
    recognisedBy: ['invalidateNonces(address,address,uint48)', 'allowance(address,address,address)'],
    needs: ['holder', 'asset', 'spender'],
    trap: 'the allowance that stands stays',
    together: ['permit2/lockdown', 'permit2/invalidate-unordered'],
    find: invalidateNonces,
  },
  {
    ...permit2,
    id: 'permit2/invalidate-unordered',
    signature: 'invalidateUnorderedNonces(uint256,uint256)',
    recognisedBy: ['invalidateUnorderedNonces(uint256,uint256)', 'nonceBitmap(address,uint256)'],
    needs: ['holder', 'nonce'],
    trap: 'only the 256 nonces of one word: signed transfers with other nonces stay good',
    together: ['permit2/lockdown', 'permit2/invalidate-nonces'],
    find: invalidateUnordered,
  },
]

async function approveZero({ ask, target, given }: Subject): Promise<Found[]> {
  const [holder, spender] = [givenAddress(given, 'holder'), givenAddress(given, 'spender')]
  const view = 'allowance(address,address) view returns (uint256)'
  const before = numberIn(await ask(target, view, [holder, spender]))
  if (holder === undefined || before === undefined) return []
  return [
    {
      target,
      caller: holder,
      args: [spender, 0n],
      scope: `the allowance of ${spender} from ${holder}`,
      state: [readOf(target, view, { args: [holder, spender], pulled: 'clear' })],
      undo: { signature: APPROVE, args: [spender, before] },
      evidence: [`the allowance is ${before}`],
    },
  ]
}

async function lockdown({ ask, target, given }: Subject): Promise<Found[]> {
  const [holder, token, spender] = permitOf(given)
  const before = numberIn(await ask(target, PERMIT2, [holder, token, spender]))
  if (holder === undefined || before === undefined) return []
  return [
    {
      target,
      caller: holder,
      args: [[{ token, spender }]],
      scope: `the allowance of ${spender} from ${holder}`,
      state: [readOf(target, PERMIT2, { args: [holder, token, spender], pulled: 'clear' })],
      evidence: [`the allowance is ${before}`],
    },
  ]
}

async function invalidateNonces({ ask, target, given }: Subject): Promise<Found[]> {
  const [holder, token, spender] = permitOf(given)
  const nonce = numberIn(await ask(target, PERMIT2, [holder, token, spender]), 2)
  if (holder === undefined || nonce === undefined) return []
  const to = nonce + MOST_JUMP
  return [
    {
      target,
      caller: holder,
      args: [token, spender, Number(to)],
      scope: `signed permits of ${holder} for ${spender}`,
      state: [readOf(target, PERMIT2, { args: [holder, token, spender], word: 2, pulled: wordOf(to) })],
      evidence: [`the nonce is ${nonce}; permits signed ahead, up to ${to - 1n}, are worth nothing after it`],
    },
  ]
}

async function invalidateUnordered({ ask, target, given }: Subject): Promise<Found[]> {
  const [holder, nonce] = [givenAddress(given, 'holder'), givenNumber(given, 'nonce')]
  const view = 'nonceBitmap(address,uint256) view returns (uint256)'
  if (holder === undefined || nonce === undefined) return []
  const place = nonce >> 8n
  const before = numberIn(await ask(target, view, [holder, place]))
  if (before === undefined) return []
  return [
    {
      target,
      caller: holder,
      args: [place, BigInt(ALL_BITS)],
      scope: `signed transfers of ${holder} with nonces ${place << 8n} to ${(place << 8n) + 255n}`,
      state: [readOf(target, view, { args: [holder, place], pulled: ALL_BITS })],
      evidence: [`used of that word: ${wordOf(before)}`],
    },
  ]
}

function permitOf(given: Subject['given']) {
  return [
    givenAddress(given, 'holder'),
    givenAddress(given, 'asset'),
    givenAddress(given, 'spender'),
  ] as const
}
