import type { Address } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { addressesIn, addressIn, givenAddress, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/**
 * Euler Vault Kit. A hooked operation without a hook target is disabled: `setHookConfig(0, bits)` blocks the chosen ones. The
 * bits are those of `Constants.sol`.
 */
const BITS = {
  deposit: 0,
  mint: 1,
  withdraw: 2,
  redeem: 3,
  transfer: 4,
  skim: 5,
  borrow: 6,
  repay: 7,
  repayWithShares: 8,
  pullDebt: 9,
  liquidate: 11,
  flashLoan: 12,
} as const
type Operation = keyof typeof BITS
const INFLOW: readonly Operation[] = ['deposit', 'mint', 'skim']
const OUTFLOW: readonly Operation[] = ['withdraw', 'redeem', 'transfer', 'borrow', 'pullDebt', 'flashLoan']
const EXPOSURE: readonly Operation[] = ['borrow', 'pullDebt', 'flashLoan']

const HOOK = 'setHookConfig(address,uint32)'
const LTV = 'setLTV(address,uint16,uint16,uint32)'
const OPEN: LeverTemplate['claims'] = {
  supply: 'open',
  repay: 'open',
  borrow: 'open',
  withdraw: 'open',
  transfer: 'open',
  liquidate: 'open',
}
const base = {
  protocol: 'Euler EVK',
  takes: ['collateral'],
  tried: { on: 'fixture', what: 'contracts/levers/EulerVault.sol' },
} as const
const HOOK_TRAP = 'a hook target that stands now is taken away: what it hooked is blocked too'

export const eulerEvkTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'euler-evk/ltv-zero',
    kind: 'freeze',
    breadth: 'asset',
    signature: LTV,
    recognisedBy: [LTV, 'LTVBorrow(address)', 'LTVLiquidation(address)', 'LTVList()'],
    claims: { ...OPEN, borrow: 'blocked' },
    trap: 'who borrows against this collateral cannot withdraw any of it; the liquidation LTV stays, so nobody is liquidated by it',
    find: ltvZero,
  },
  hookTemplate('freeze', EXPOSURE.concat(INFLOW), { supply: 'blocked', borrow: 'blocked' }),
  hookTemplate('outflow', OUTFLOW, { withdraw: 'blocked', transfer: 'blocked', borrow: 'blocked' }),
  hookTemplate('all', [...INFLOW, ...OUTFLOW, 'repay', 'repayWithShares', 'liquidate'], {
    supply: 'blocked',
    repay: 'blocked',
    borrow: 'blocked',
    withdraw: 'blocked',
    transfer: 'blocked',
    liquidate: 'blocked',
  }),
]

function hookTemplate(
  name: 'freeze' | 'outflow' | 'all',
  operations: readonly Operation[],
  claims: LeverTemplate['claims'],
): LeverTemplate {
  const bits = operations.reduce((sum, operation) => sum | (1n << BigInt(BITS[operation])), 0n)
  return {
    ...base,
    id: `euler-evk/hook-${name}`,
    kind: name === 'freeze' ? 'freeze' : 'pause',
    breadth: name === 'all' ? 'market' : 'operation',
    signature: HOOK,
    recognisedBy: [HOOK, 'hookConfig()'],
    claims: { ...OPEN, ...claims },
    trap: name === 'all' ? `nobody can repay; ${HOOK_TRAP}` : HOOK_TRAP,
    find: (subject) => hookOf(subject, { bits, operations }),
  }
}

async function hookOf(
  { ask, target }: Subject,
  { bits, operations }: { bits: bigint; operations: readonly Operation[] },
): Promise<Found[]> {
  const view = 'hookConfig() view returns (address, uint32)'
  const answer = await ask(target, view)
  const hook = addressIn(answer)
  const before = numberIn(answer, 1)
  if (hook === undefined || before === undefined) return []
  const after = before | bits
  const hooked = hook !== ZERO_ADDRESS
  return [
    {
      target,
      args: [ZERO_ADDRESS, Number(after)],
      scope: operations.join(', '),
      state: [
        readOf(target, view, { pulled: 'clear' }),
        readOf(target, view, { word: 1, mask: wordOf(bits), pulled: wordOf(bits) }),
      ],
      undo: { signature: HOOK, args: [hook, Number(before)] },
      evidence: [
        `hooked before: bits 0x${before.toString(16)} by ${hooked ? hook : 'no hook'}; they are kept`,
      ],
      ...(hooked ? { trap: `the hook ${hook} stands now and is taken away` } : {}),
    },
  ]
}

async function ltvZero(subject: Subject): Promise<Found[]> {
  const { ask, target, given } = subject
  const wanted = givenAddress(given, 'collateral')
  const listed = addressesIn(await ask(target, 'LTVList() view returns (address[])'))
  const collaterals = listed.filter((address) => wanted === undefined || address === wanted)
  return (await Promise.all(collaterals.map((collateral) => ltvOf(subject, collateral)))).flat()
}

async function ltvOf({ ask, target }: Subject, collateral: Address): Promise<Found[]> {
  const view = 'LTVBorrow(address) view returns (uint16)'
  const [borrow, liquidation] = await Promise.all([
    ask(target, view, [collateral]).then(numberIn),
    ask(target, 'LTVLiquidation(address) view returns (uint16)', [collateral]).then(numberIn),
  ])
  if (borrow === undefined || liquidation === undefined) return []
  return [
    {
      target,
      args: [collateral, 0, Number(liquidation), 0],
      scope: `new borrowing against ${collateral}`,
      state: [readOf(target, view, { args: [collateral], pulled: 'clear' })],
      undo: { signature: LTV, args: [collateral, Number(borrow), Number(liquidation), 0] },
      evidence: [`LTV to borrow ${borrow}, to be liquidated ${liquidation}, of 10,000; the second is kept`],
    },
  ]
}
