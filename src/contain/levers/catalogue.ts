import { toFunctionSelector } from 'viem'
import type { Hex } from '../../model/hex.ts'
import { leverTemplates } from './registry.ts'
import type { LeverTemplate } from './template.ts'

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
  'getOwner()',
  'gov()',
  'timelock()',
  'multisig()',
  'manager()',
  'controller()',
  'strategist()',
  'keeper()',
  'dao()',
  'emergencyGuardian()',
  'emergencyOperator()',
  'emergency_admin()',
  'ownership_admin()',
  'pauseAdmin()',
  'pauseController()',
  'getEmergencyAdmin()',
  'getPoolAdmin()',
  'poolAdmin()',
  'masterMinter()',
  'superOwner()',
  'adminMultisig()',
  'getGovernor()',
  'getAdmin()',
  'proxyOwner()',
  'upgradeabilityOwner()',
] as const

export const authorityViews = viewsOf(AUTHORITY_VIEWS)

function viewsOf(signatures: readonly string[]): readonly { signature: string; selector: Hex }[] {
  return signatures.map((signature) => ({ signature, selector: toFunctionSelector(signature) }))
}

/** A lever that Cordon reports but does not yet pull automatically: it needs an argument, or is not a pause. */
export type OtherLever = { signature: string; selector: Hex; protocol: string; effect: string; trap?: string }

const NONE = 'none: no lever'

/**
 * Levers by their signature in the sources of the protocols. Their effects are taken from the sources: a hypothesis
 * until tried on the contract itself.
 */
const OTHERS: readonly Omit<OtherLever, 'selector'>[] = [
  {
    signature: 'acceptOwnership()',
    protocol: 'OpenZeppelin Ownable2Step',
    effect: NONE,
    trap: 'transferOwnership only names the next owner; the old one keeps every power until acceptOwnership: no containment',
  },
]

/**
 * Protocols known to have no lever, recognised by distinctive functions. Cordon reports this, so that people do not
 * search for one while the loss continues.
 */
const WITHOUT: readonly (Omit<OtherLever, 'selector'> & { recognisedBy: readonly string[] })[] = [
  {
    signature: 'skim(address)',
    protocol: 'Uniswap v2',
    effect: NONE,
    trap: 'nobody can pause a pair: liquidity leaves by its holders only',
    recognisedBy: ['skim(address)', 'sync()', 'getReserves()', 'kLast()'],
  },
  {
    signature: 'createPair(address,address)',
    protocol: 'Uniswap v2',
    effect: NONE,
    trap: 'setFeeTo only moves the protocol’s fee',
    recognisedBy: ['createPair(address,address)', 'setFeeTo(address)', 'allPairsLength()'],
  },
  {
    signature: 'setFeeProtocol(uint8,uint8)',
    protocol: 'Uniswap v3',
    effect: NONE,
    trap: 'setFeeProtocol only moves the protocol’s fee: nobody can pause a pool',
    recognisedBy: ['setFeeProtocol(uint8,uint8)', 'slot0()', 'tickSpacing()'],
  },
  {
    signature: 'enableFeeAmount(uint24,int24)',
    protocol: 'Uniswap v3',
    effect: NONE,
    trap: 'the owner of the factory enables fees and cannot pause a pool',
    recognisedBy: ['createPool(address,address,uint24)', 'enableFeeAmount(uint24,int24)'],
  },
  {
    signature: 'unlock(bytes)',
    protocol: 'Uniswap v4',
    effect: NONE,
    trap: 'the manager has no pause; what a hook may stop is fixed by the bits of its address: look at the hook’s own levers',
    recognisedBy: ['unlock(bytes)', 'setProtocolFeeController(address)', 'extsload(bytes32)'],
  },
  {
    signature: 'completeTransfer(bytes)',
    protocol: 'Wormhole',
    effect: NONE,
    trap: 'its Governor is no contract: guardians hold large transfers back for 24 hours off the chain, or sign none at all',
    recognisedBy: [
      'wormhole()',
      'completeTransfer(bytes)',
      'wrapAndTransferETH(uint16,bytes32,uint256,uint32)',
    ],
  },
]

const others: readonly OtherLever[] = OTHERS.map((lever) => ({
  ...lever,
  selector: toFunctionSelector(lever.signature),
}))

/**
 * Other relevant functions of a dispatcher in an incident: levers without a template, and templates that need an
 * argument that was not given.
 */
export function leversBesides(
  selectors: ReadonlySet<string>,
  given: Readonly<Record<string, string>> = {},
): OtherLever[] {
  const unnamed = leverTemplates.filter((template) => {
    return knowsAll(selectors, template.recognisedBy) && missing(template, given).length > 0
  })
  return [
    ...unnamed.map((template) => needing(template, given)),
    ...others.filter(({ selector }) => selectors.has(selector)),
    ...WITHOUT.filter(({ recognisedBy }) => knowsAll(selectors, recognisedBy)).map(
      ({ recognisedBy: _, ...lever }) => ({ ...lever, selector: toFunctionSelector(lever.signature) }),
    ),
  ]
}

function knowsAll(selectors: ReadonlySet<string>, signatures: readonly string[]): boolean {
  return signatures.every((signature) => selectors.has(toFunctionSelector(signature)))
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
