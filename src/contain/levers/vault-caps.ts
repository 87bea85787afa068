import { toFunctionSelector } from 'viem'
import { numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/*
 * Caps and shutdowns of vaults. Those of Yearn follow its sources (yearn-vaults 0.4, Vault.vy; yearn-vaults-v3,
 * VaultV3.vy); the rest follow the names that projects give a cap and its view.
 */
const SUPPLY_ONLY: LeverTemplate['claims'] = { supply: 'blocked', withdraw: 'open', transfer: 'open' }
const YEARN_V2 = ['depositLimit()', 'emergencyShutdown()', 'pricePerShare()']
const YEARN_V3 = ['deposit_limit()', 'shutdown_vault()', 'pricePerShare()']
const FIXTURE = { on: 'fixture', what: 'contracts/levers/VaultCaps.sol' } as const

/** The function that sets a cap, and the view that returns it. */
const CAPS: readonly [set: string, view: string][] = [
  ['setDepositCap(uint256)', 'depositCap()'],
  ['setDepositsCap(uint256)', 'depositsCap()'],
  ['setDepositLimit(uint256)', 'depositLimit()'],
  ['setTotalDepositCap(uint256)', 'totalDepositCap()'],
  ['setMaxTotalDeposit(uint256)', 'maxTotalDeposit()'],
  ['setMaxTotalDeposits(uint256)', 'maxTotalDeposits()'],
  ['setMaxTotalAssets(uint256)', 'maxTotalAssets()'],
  ['setTotalSupplyCap(uint256)', 'totalSupplyCap()'],
  ['setSupplyCap(uint256)', 'supplyCap()'],
  ['setMintCap(uint256)', 'mintCap()'],
  ['setMintLimit(uint256)', 'mintLimit()'],
  ['setCap(uint256)', 'cap()'],
  ['setVaultCap(uint256)', 'vaultCap()'],
  ['setTVLCap(uint256)', 'tvlCap()'],
  ['setBorrowCap(uint256)', 'borrowCap()'],
  ['setBorrowLimit(uint256)', 'borrowLimit()'],
  ['setWithdrawLimit(uint256)', 'withdrawLimit()'],
  ['setWithdrawalLimit(uint256)', 'withdrawalLimit()'],
  ['setWithdrawalCap(uint256)', 'withdrawalCap()'],
  ['setDailyLimit(uint256)', 'dailyLimit()'],
  ['setRedemptionLimit(uint256)', 'redemptionLimit()'],
]
/** The functions whose effect a test has shown. */
const TRIED: ReadonlySet<string> = new Set(['setDepositCap(uint256)', 'setWithdrawLimit(uint256)'])

export const vaultCapTemplates: readonly LeverTemplate[] = [
  {
    id: 'yearn-v2/deposit-limit',
    protocol: 'Yearn v2',
    kind: 'cap',
    breadth: 'operation',
    signature: 'setDepositLimit(uint256)',
    recognisedBy: ['setDepositLimit(uint256)', ...YEARN_V2],
    claims: SUPPLY_ONLY,
    zeroMeaning: 'a limit of 0 BLOCKS deposits',
    tried: FIXTURE,
    find: (subject) => noneOf(subject, { set: 'setDepositLimit(uint256)', view: 'depositLimit()' }),
  },
  {
    id: 'yearn-v2/emergency-shutdown',
    protocol: 'Yearn v2',
    kind: 'pause',
    breadth: 'contract',
    signature: 'setEmergencyShutdown(bool)',
    recognisedBy: ['setEmergencyShutdown(bool)', ...YEARN_V2],
    claims: SUPPLY_ONLY,
    trap: 'withdrawals stay open, also for who stole shares; the guardian may pull it, only governance may take it back',
    tried: FIXTURE,
    find: async ({ target }) => [
      {
        target,
        args: [true],
        scope: 'deposits, and what strategies may borrow',
        state: [readOf(target, 'emergencyShutdown() view returns (bool)')],
        undo: { signature: 'setEmergencyShutdown(bool)', args: [false] },
      },
    ],
  },
  {
    id: 'yearn-v3/deposit-limit',
    protocol: 'Yearn v3',
    kind: 'cap',
    breadth: 'operation',
    signature: 'set_deposit_limit(uint256)',
    recognisedBy: ['set_deposit_limit(uint256)', ...YEARN_V3],
    claims: SUPPLY_ONLY,
    zeroMeaning: 'a limit of 0 BLOCKS deposits',
    trap: 'refused while the vault asks a module for its limit',
    tried: null,
    find: (subject) => noneOf(subject, { set: 'set_deposit_limit(uint256)', view: 'deposit_limit()' }),
  },
  {
    id: 'yearn-v3/shutdown',
    protocol: 'Yearn v3',
    kind: 'pause',
    breadth: 'contract',
    signature: 'shutdown_vault()',
    recognisedBy: YEARN_V3,
    needs: ['irreversible'],
    claims: SUPPLY_ONLY,
    trap: 'for good: nothing takes it back; withdrawals stay open, also for who stole shares',
    tried: null,
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'deposits, for good',
        state: [readOf(target, 'isShutdown() view returns (bool)')],
      },
    ],
  },
  ...CAPS.map(([set, view]) => capByName(set, view)),
]

/** Sets the cap to zero, where zero is known to block; the undo restores its value. */
async function noneOf(
  { target, ask }: Subject,
  { set, view }: { set: string; view: string },
): Promise<Found[]> {
  const reading = `${view} view returns (uint256)`
  const before = numberIn(await ask(target, reading))
  if (before === undefined) return []
  return [
    {
      target,
      args: [0n],
      scope: 'deposits',
      state: [readOf(target, reading, { pulled: 'clear' })],
      undo: { signature: set, args: [before] },
      evidence: [`${view} was ${before}; it is overwritten`],
    },
  ]
}

/** Sets the cap to one base unit, which blocks whether zero means none or no cap. */
function capByName(set: string, view: string): LeverTemplate {
  return {
    id: `cap/${set.slice(0, set.indexOf('('))}`,
    protocol: 'unknown',
    kind: 'cap',
    breadth: 'operation',
    signature: set,
    recognisedBy: [set, view],
    isFallback: true,
    claims: {},
    zeroMeaning: 'with some contracts a cap of 0 means no cap: 1 base unit blocks with either',
    tried: TRIED.has(set) ? FIXTURE : null,
    find: async ({ target, ask, selectors }) => {
      const reading = `${view} view returns (uint256)`
      const before = numberIn(await ask(target, reading))
      if (before === undefined || !selectors.has(toFunctionSelector(set))) return []
      return [
        {
          target,
          args: [1n],
          scope: 'one kind of operation, by its name',
          state: [readOf(target, reading, { pulled: wordOf(1n) })],
          undo: { signature: set, args: [before] },
          evidence: [`${view} was ${before}; it is overwritten`],
        },
      ]
    },
  }
}
