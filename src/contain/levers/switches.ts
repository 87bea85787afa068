import { toFunctionSelector } from 'viem'
import type { StateRead } from '../../model/lever.ts'
import { viewRead } from '../../model/lever.ts'
import { givenAddress, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/*
 * Generic switches by their common names. What each blocks is determined by trying: a name is a hypothesis. `pause.ts`
 * has the switches whose claims were tried on a fixture or a package.
 */

/** Names of a contract's parts: `pauseDeposits()`, undone by `unpauseDeposits()`. */
const PARTS = [
  ...[
    'Deposit',
    'Deposits',
    'Withdraw',
    'Withdraws',
    'Withdrawal',
    'Withdrawals',
    'Mint',
    'Mints',
    'Minting',
  ],
  ...['Redeem', 'Redeems', 'Redemption', 'Redemptions', 'Borrow', 'Borrows', 'Borrowing', 'Repay', 'Lending'],
  ...[
    'Liquidation',
    'Liquidations',
    'Transfer',
    'Transfers',
    'Swap',
    'Swaps',
    'Swapping',
    'Trading',
    'Trade',
  ],
  ...['Stake', 'Staking', 'Unstake', 'Claim', 'Claims', 'Claiming', 'Bridge', 'Bridging', 'Burn', 'Burning'],
  ...[
    'Flashloan',
    'FlashLoan',
    'FlashLoans',
    'Leverage',
    'Investing',
    'Invest',
    'Harvest',
    'Exchange',
    'Sale',
  ],
  ...['Auction', 'Auctions', 'Relay', 'Execution', 'Messages', 'Join', 'Exit', 'Sync', 'Zap', 'Farming'],
] as const
/** Names of the whole: `pauseVault()`, `setVaultPaused(bool)`. */
const WHOLES = [
  ...[
    'Pool',
    'Vault',
    'Market',
    'System',
    'Protocol',
    'Contract',
    'Global',
    'All',
    'Everything',
    'Controller',
  ],
  ...['Router', 'Factory', 'Manager', 'EthCrossChainManager', 'CrossChainManager', 'CrossChain', 'Strategy'],
  ...['Module', 'Token', 'Service', 'Platform', 'Operations', 'Core', 'Gateway', 'Inbox', 'Proxy'],
] as const

type Name = {
  signature: string
  /** The value that the flag is set to, where there is one. */
  value?: boolean
  undo?: string
  /** Views that may show that it is pulled, and their answers then. */
  views?: readonly string[]
  clear?: readonly string[]
  breadth: 'contract' | 'operation'
}

const lower = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1)

/** Switches without an argument, and the function that undoes each. */
const STATES: readonly [string, string | undefined, readonly string[]][] = [
  ['emergencyShutdown()', undefined, ['emergencyShutdown()', 'isShutdown()', 'shutdown()']],
  ['shutdown()', undefined, ['isShutdown()', 'isShutDown()']],
  ['shutDown()', undefined, ['isShutdown()', 'isShutDown()']],
  ['kill()', undefined, ['killed()', 'isKilled()', 'is_killed()']],
  ['panic()', 'unpanic()', ['paused()']],
  ['lock()', 'unlock()', ['locked()', 'isLocked()']],
  ['lockdown()', undefined, ['lockdown()', 'locked()']],
  ['disable()', 'enable()', ['disabled()', 'isDisabled()']],
  ['deactivate()', 'activate()', ['deactivated()']],
  ['suspend()', 'resume()', ['suspended()', 'isSuspended()']],
  ['suspend()', 'unsuspend()', ['suspended()', 'isSuspended()']],
  ['emergency()', undefined, ['isEmergency()', 'emergencyMode()']],
  ['setEmergency()', undefined, ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['activateEmergency()', 'deactivateEmergency()', ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['enableEmergency()', 'disableEmergency()', ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['declareEmergency()', undefined, ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['triggerEmergency()', undefined, ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['enterEmergencyMode()', 'exitEmergencyMode()', ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['activateEmergencyMode()', 'deactivateEmergencyMode()', ['emergencyMode()', 'isEmergency()']],
  ['enableEmergencyMode()', 'disableEmergencyMode()', ['emergencyMode()', 'isEmergency()']],
  ['emergencyPauseAll()', 'emergencyUnpauseAll()', ['paused()']],
  ['freezeAll()', 'unfreezeAll()', ['frozen()']],
  ['stopAll()', 'startAll()', ['stopped()']],
  ['circuitBreak()', undefined, ['paused()']],
  ['tripCircuitBreaker()', 'resetCircuitBreaker()', ['tripped()', 'isTripped()']],
  ['finishMinting()', undefined, ['mintingFinished()']],
  ['guardianPause()', 'guardianUnpause()', ['paused()']],
  ['_pause()', '_unpause()', ['paused()']],
]

/** With a flag that is true while it is pulled. */
const FLAGS: readonly [string, readonly string[]][] = [
  ['pause(bool)', ['paused()', 'isPaused()']],
  ['setIsPaused(bool)', ['isPaused()', 'paused()']],
  ['setPauseStatus(bool)', ['paused()', 'isPaused()', 'pauseStatus()']],
  ['setPauseState(bool)', ['paused()', 'isPaused()', 'pauseState()']],
  ['setPausedState(bool)', ['paused()', 'isPaused()', 'pausedState()']],
  ['changePauseStatus(bool)', ['paused()', 'isPaused()', 'pauseStatus()']],
  ['updatePaused(bool)', ['paused()', 'isPaused()']],
  ['updatePause(bool)', ['paused()', 'isPaused()']],
  ['_setPaused(bool)', ['paused()', 'isPaused()']],
  ['_setPause(bool)', ['paused()', 'isPaused()']],
  ['setEmergency(bool)', ['emergency()', 'isEmergency()', 'emergencyMode()']],
  ['setEmergencyMode(bool)', ['emergencyMode()', 'emergency()', 'isEmergency()']],
  ['setEmergencyStatus(bool)', ['emergencyStatus()', 'emergency()']],
  ['setEmergencyStop(bool)', ['emergencyStop()', 'stopped()', 'isStopped()']],
  ['setEmergencyPause(bool)', ['emergencyPause()', 'paused()']],
  ['setEmergencyShutdown(bool)', ['emergencyShutdown()', 'isShutdown()']],
  ['setShutdown(bool)', ['shutdown()', 'isShutdown()']],
  ['setFrozen(bool)', ['frozen()', 'isFrozen()']],
  ['setFreeze(bool)', ['frozen()', 'isFrozen()', 'freeze()']],
  ['freeze(bool)', ['frozen()', 'isFrozen()']],
  ['setStopped(bool)', ['stopped()', 'isStopped()']],
  ['setStop(bool)', ['stopped()', 'isStopped()']],
  ['setHalted(bool)', ['halted()', 'isHalted()']],
  ['setHalt(bool)', ['halted()', 'isHalted()']],
  ['setKilled(bool)', ['killed()', 'isKilled()']],
  ['set_killed(bool)', ['is_killed()', 'killed()']],
  ['setKill(bool)', ['killed()', 'isKilled()']],
  ['setLocked(bool)', ['locked()', 'isLocked()']],
  ['setLock(bool)', ['locked()', 'isLocked()']],
  ['setLockdown(bool)', ['lockdown()', 'locked()']],
  ['setDisabled(bool)', ['disabled()', 'isDisabled()']],
  ['setSuspended(bool)', ['suspended()', 'isSuspended()']],
  ['setClosed(bool)', ['closed()', 'isClosed()']],
  ['setMaintenance(bool)', ['maintenance()']],
  ['setDeprecated(bool)', ['deprecated()']],
]

/** With a flag that is false while it is pulled. */
const OPENERS: readonly [string, readonly string[]][] = [
  ['setEnabled(bool)', ['enabled()', 'isEnabled()']],
  ['setIsEnabled(bool)', ['isEnabled()', 'enabled()']],
  ['setActive(bool)', ['active()', 'isActive()']],
  ['setIsActive(bool)', ['isActive()', 'active()']],
  ['setActivated(bool)', ['activated()', 'isActivated()']],
  ['setOpen(bool)', ['open()', 'isOpen()']],
  ['setLive(bool)', ['live()', 'isLive()']],
  ['setTradingActive(bool)', ['tradingActive()']],
]

const names: readonly Name[] = [
  ...STATES.map(([signature, undo, views]) => ({
    signature,
    ...(undo === undefined ? {} : { undo }),
    views,
    breadth: 'contract' as const,
  })),
  ...FLAGS.map(([signature, views]) => ({ signature, value: true, views, breadth: 'contract' as const })),
  ...OPENERS.map(([signature, clear]) => ({ signature, value: false, clear, breadth: 'contract' as const })),
  ...[...WHOLES, ...PARTS].flatMap(partNames),
]

function partNames(part: (typeof WHOLES | typeof PARTS)[number]): Name[] {
  const breadth = (WHOLES as readonly string[]).includes(part) ? 'contract' : 'operation'
  const word = lower(part)
  const views = [
    `${word}Paused()`,
    `is${part}Paused()`,
    `paused${part}()`,
    ...(breadth === 'contract' ? ['paused()'] : []),
  ]
  const clear = [`${word}Enabled()`, `is${part}Enabled()`]
  return [
    { signature: `pause${part}()`, undo: `unpause${part}()`, views, breadth },
    { signature: `pause${part}()`, undo: `resume${part}()`, views, breadth },
    { signature: `disable${part}()`, undo: `enable${part}()`, views: [`${word}Disabled()`], clear, breadth },
    { signature: `stop${part}()`, undo: `start${part}()`, views: [`${word}Stopped()`], breadth },
    ...[`pause${part}(bool)`, `set${part}Paused(bool)`, `set${part}Pause(bool)`, `setPause${part}(bool)`].map(
      (signature): Name => ({ signature, value: true, views, breadth }),
    ),
    { signature: `set${part}Disabled(bool)`, value: true, views: [`${word}Disabled()`], breadth },
    ...[
      `set${part}Enabled(bool)`,
      `set${part}Enable(bool)`,
      `enable${part}(bool)`,
      `set${part}Active(bool)`,
      `set${part}Open(bool)`,
    ].map((signature): Name => ({ signature, value: false, clear, breadth })),
  ]
}

/** Some switches cannot be undone: some old contracts end permanently. */
const FINAL = /^(kill|shutdown|shutDown|emergencyShutdown|emergency|panic)\(\)$/
const FINAL_TRAP =
  'with some contracts this is the end: it may destroy the contract or send what it holds to its owner'

/** On a contract that controls others: the protected one is the argument. */
const OF_ONE = [
  ...['pauseMarket(address)', 'pausePool(address)', 'pauseVault(address)', 'pauseContract(address)'],
  ...['pauseAsset(address)', 'pauseToken(address)', 'pauseStrategy(address)', 'pause(address)'],
  ...['freezeMarket(address)', 'freezePool(address)', 'freezeReserve(address)', 'deactivateReserve(address)'],
  ...['disableMarket(address)', 'disablePool(address)', 'disableToken(address)', 'suspendMarket(address)'],
  ...['killPool(address)', 'killGauge(address)', 'shutdownMarket(address)', 'shutdownPool(address)'],
] as const
const OF_ONE_FLAG = [
  ...['setMarketPaused(address,bool)', 'setPoolPaused(address,bool)', 'setVaultPaused(address,bool)'],
  ...['setPaused(address,bool)', 'setPause(address,bool)', 'setTokenPaused(address,bool)'],
  ...['setAssetPaused(address,bool)', 'setReservePaused(address,bool)', 'setContractPaused(address,bool)'],
  ...['setFrozen(address,bool)', 'setReserveFrozen(address,bool)', 'setMarketFrozen(address,bool)'],
  ...[
    '_setFlashloanPaused(address,bool)',
    '_setMarketPaused(address,bool)',
    '_setRedeemPaused(address,bool)',
  ],
] as const

const base = { protocol: 'unknown', kind: 'pause', claims: {}, isFallback: true, tried: null } as const

export const switchTemplates: readonly LeverTemplate[] = [
  ...unique(names).map(templateOf),
  ...OF_ONE.map((signature) => ofOne(signature, [])),
  ...OF_ONE_FLAG.map((signature) => ofOne(signature, [true])),
]

/** One template per signature: the function that undoes it is searched for under each of its names. */
function unique(all: readonly Name[]): (Name & { undos: readonly string[] })[] {
  const bySignature = new Map<string, Name & { undos: string[] }>()
  for (const name of all) {
    const known = bySignature.get(name.signature)
    const undos = name.undo === undefined ? [] : [name.undo]
    if (known === undefined) bySignature.set(name.signature, { ...name, undos })
    else known.undos.push(...undos)
  }
  return [...bySignature.values()]
}

function idOf(signature: string): string {
  const [name = '', types = ''] = signature.replace(')', '').split('(')
  return `switch/${name}${types === '' ? '' : `-${types.replaceAll(',', '-')}`}`
}

function templateOf(name: ReturnType<typeof unique>[number]): LeverTemplate {
  const { signature, breadth } = name
  return {
    ...base,
    id: idOf(signature),
    breadth,
    signature,
    recognisedBy: [signature],
    ...(FINAL.test(signature) ? { trap: FINAL_TRAP } : {}),
    find: async (subject) => ((await isView(subject, name)) ? [] : [found(subject, name)]),
  }
}

/** `emergency()` may be the switch or the view that shows it: a switch returns nothing. */
async function isView({ ask, target }: Subject, { signature, value }: Name): Promise<boolean> {
  return value === undefined && (await ask(target, `${signature} view returns (uint256)`)) !== null
}

function found(
  { target, selectors }: Subject,
  { signature, value, undos, views = [], clear = [], breadth }: ReturnType<typeof unique>[number],
): Found {
  const has = (view: string): boolean => selectors.has(toFunctionSelector(view))
  const state =
    stateOf({ view: views.find(has), pulled: 'set' as const }) ??
    stateOf({ view: clear.find(has), pulled: 'clear' as const })
  const back = undos.find(has)
  const isFlag = value !== undefined
  const scope = breadth === 'contract' ? 'the whole contract' : 'one kind of operation, by its name'
  return {
    target,
    args: isFlag ? [value] : [],
    scope,
    state: state === undefined ? [] : [{ ...state, to: target }],
    ...(isFlag ? { undo: { signature, args: [!value] } } : {}),
    ...(back === undefined ? {} : { undo: { signature: back, args: [] } }),
  }
}

function stateOf({
  view,
  pulled,
}: {
  view: string | undefined
  pulled: 'set' | 'clear'
}): Omit<StateRead, 'to'> | undefined {
  return view === undefined ? undefined : { ...viewRead(view), pulled }
}

function ofOne(signature: string, flag: readonly boolean[]): LeverTemplate {
  return {
    ...base,
    id: idOf(signature),
    breadth: 'market',
    signature,
    recognisedBy: [signature],
    needs: ['protected'],
    find: async ({ target, given, ask }) => {
      const market = givenAddress(given, 'protected')
      if (market === undefined || market === target) return []
      const view = 'paused(address) view returns (bool)'
      const says = (await ask(target, view, [market])) !== null
      return [
        {
          target,
          args: [market, ...flag],
          scope: market,
          state:
            says && signature.toLowerCase().includes('pause')
              ? [readOf(target, view, { args: [market] })]
              : [],
          ...(flag.length === 0 ? {} : { undo: { signature, args: [market, false] } }),
        },
      ]
    },
  }
}
