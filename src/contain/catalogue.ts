import { toFunctionSelector } from 'viem'
import type { Hex } from '../model/hex.ts'

const AUTHORITY_VIEWS = [
  'guardian()',
  'pauseGuardian()',
  'pauser()',
  'emergencyAdmin()',
  'owner()',
  'admin()',
  'governor()',
  'governance()',
  'operator()',
] as const

export const authorityViews = viewsOf(AUTHORITY_VIEWS)

function viewsOf(signatures: readonly string[]): readonly { signature: string; selector: Hex }[] {
  return signatures.map((signature) => ({ signature, selector: toFunctionSelector(signature) }))
}

/** A lever that Cordon tells of and does not pull by itself yet: it needs an argument, or is no pause. */
export type OtherLever = { signature: string; selector: Hex; protocol: string; effect: string; trap?: string }

/**
 * Levers by their signature in the sources of the protocols. What each does is what the sources say: a hypothesis until it
 * is tried on the contract itself.
 */
const OTHERS: readonly Omit<OtherLever, 'selector'>[] = [
  {
    signature: 'setTargetClosed(address,bool)',
    protocol: 'OpenZeppelin AccessManager',
    effect: 'closes every restricted function of a target',
    trap: 'functions that are not restricted stay open',
  },
  {
    signature: 'cancel(bytes32)',
    protocol: 'OpenZeppelin TimelockController',
    effect: 'cancels a queued operation',
  },
  {
    signature: 'cancel(address,address,bytes)',
    protocol: 'OpenZeppelin AccessManager',
    effect: 'cancels a scheduled operation',
  },
  {
    signature: 'revokeRole(bytes32,address)',
    protocol: 'OpenZeppelin AccessControl',
    effect: 'takes a role away',
  },
  {
    signature: 'transferOwnership(address)',
    protocol: 'OpenZeppelin Ownable',
    effect: 'hands the contract over',
    trap: 'with Ownable2Step it only names the next owner: no containment',
  },
  {
    signature: 'upgradeToAndCall(address,bytes)',
    protocol: 'UUPS proxy',
    effect: 'swaps the code, for a paused one say',
  },
  {
    signature: '_setMintPaused(address,bool)',
    protocol: 'Compound v2',
    effect: 'stops new supply of a market',
  },
  {
    signature: '_setBorrowPaused(address,bool)',
    protocol: 'Compound v2',
    effect: 'stops new borrowing of a market',
    trap: 'with collateral factor 0 and reserve factor 100 % the market is deprecated, and every borrow is liquidatable at once',
  },
  {
    signature: '_setSeizePaused(bool)',
    protocol: 'Compound v2',
    effect: 'stops liquidations',
    trap: 'bad debt grows while it lasts',
  },
  {
    signature: 'pause(bool,bool,bool,bool,bool)',
    protocol: 'Compound v3',
    effect: 'sets supply, transfer, withdraw, absorb and buy',
    trap: 'overwrites all five flags: read them first; with supply paused nobody can repay or top up',
  },
  {
    signature: 'setReservePause(address,bool)',
    protocol: 'Aave v3',
    effect: 'stops supply, withdraw, borrow, repay, transfers and liquidation of a reserve',
    trap: 'people cannot repay or top up while prices move',
  },
  {
    signature: 'setReserveFreeze(address,bool)',
    protocol: 'Aave v3',
    effect: 'stops new supply and borrowing; repay, withdraw and liquidation stay open',
  },
  {
    signature: 'disputeExpiryPrice(address,uint256,uint256)',
    protocol: 'Opyn Gamma oracle',
    effect: 'replaces a wrong expiry price while the dispute period lasts',
    trap: 'a pause does not stop the dispute clock',
  },
  {
    signature: 'suspendFutures(uint256)',
    protocol: 'Synthetix v2',
    effect: 'stops all futures markets',
    trap: 'who may suspend is not who may resume',
  },
  {
    signature: 'setMarketPaused(address,bool)',
    protocol: 'Lyra v1',
    effect: 'stops one market',
  },
  {
    signature: 'setBoardFrozen(uint256,bool)',
    protocol: 'Lyra v1',
    effect: 'stops trading of one expiry',
  },
  {
    signature: 'setHookConfig(address,uint32)',
    protocol: 'Euler EVK',
    effect: 'blocks the chosen operations of a vault',
  },
  {
    signature: 'kill_me()',
    protocol: 'Curve',
    effect: 'stops trades; remove_liquidity stays open',
    trap: 'works only before kill_deadline, 60 days after deployment',
  },
  {
    signature: 'seal(address[])',
    protocol: 'Lido GateSeal',
    effect: 'pauses for 4 to 14 days, once',
    trap: 'used up or expired it is worth nothing',
  },
  {
    signature: 'blacklist(address)',
    protocol: 'USDC',
    effect: 'freezes an account',
    trap: 'the issuer decides',
  },
  {
    signature: 'setFlowLimits(bytes32[],uint256[])',
    protocol: 'Axelar',
    effect: 'bounds what a bridge lets through',
    trap: 'a limit of 0 means unlimited: stop with setPauseStatus(true)',
  },
  {
    signature: 'setPauseStatus(bool)',
    protocol: 'Axelar',
    effect: 'stops the token service',
  },
  {
    signature: 'curse(bytes16)',
    protocol: 'Chainlink CCIP RMN',
    effect: 'stops all lanes',
  },
]

const others: readonly OtherLever[] = OTHERS.map((lever) => ({
  ...lever,
  selector: toFunctionSelector(lever.signature),
}))

/** What else a dispatcher offers that matters in an incident. */
export function leversBesides(selectors: ReadonlySet<string>): OtherLever[] {
  return others.filter(({ selector }) => selectors.has(selector))
}
