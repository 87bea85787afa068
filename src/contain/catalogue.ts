import { toFunctionSelector } from 'viem'
import type { Hex } from '../model/hex.ts'
import { leverTemplates } from './levers/registry.ts'
import type { LeverTemplate } from './levers/template.ts'

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
  'governorAdmin()',
  'get_sealing_committee()',
  'blacklister()',
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
    signature: 'acceptOwnership()',
    protocol: 'OpenZeppelin Ownable2Step',
    effect: 'none: no lever',
    trap: 'transferOwnership only names the next owner; the old one keeps every power until acceptOwnership: no containment',
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

/**
 * What else a dispatcher offers that matters in an incident: levers without a template, and templates that need something
 * named which was not.
 */
export function leversBesides(
  selectors: ReadonlySet<string>,
  given: Readonly<Record<string, string>> = {},
): OtherLever[] {
  const unnamed = leverTemplates.filter((template) => {
    const isHere = template.recognisedBy.every((signature) => selectors.has(toFunctionSelector(signature)))
    return isHere && missing(template, given).length > 0
  })
  return [
    ...unnamed.map((template) => needing(template, given)),
    ...others.filter(({ selector }) => selectors.has(selector)),
  ]
}

function missing({ needs = [] }: LeverTemplate, given: Readonly<Record<string, string>>): string[] {
  return needs.filter((name) => given[name] === undefined)
}

function needing(template: LeverTemplate, given: Readonly<Record<string, string>>): OtherLever {
  const { signature, protocol, kind, id, trap } = template
  const names = missing(template, given).map((name) => `${name}=…`)
  return {
    signature,
    selector: toFunctionSelector(signature),
    protocol,
    effect: `${kind} (${id}), found with --with ${names.join(',')}`,
    ...(trap === undefined ? {} : { trap }),
  }
}
