import { toFunctionSelector } from 'viem'
import type { Hex } from '../../model/hex.ts'
import type { Lever, OpEffect, OperationKind } from '../../model/lever.ts'
import { operationKinds } from '../../model/lever.ts'

/** Functions by kind of operation, as ERC-20, ERC-4626 and the protocols of the catalogue name them. */
const FUNCTIONS: Readonly<Record<OperationKind, readonly string[]>> = {
  supply: [
    'supply(address,uint256,address,uint16)',
    'supply(address,uint256)',
    'supplyTo(address,address,uint256)',
    'deposit(address,uint256,address,uint16)',
    'deposit(uint256,address)',
    'deposit(uint256)',
    'deposit()',
    'mint(uint256)',
    'mint(uint256,address)',
    'mint()',
    'addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)',
  ],
  'top-up': ['addCollateral(uint256)', 'depositCollateral(uint256)', 'depositCollateral(address,uint256)'],
  repay: [
    'repay(address,uint256,uint256,address)',
    'repay(uint256)',
    'repay(uint256,address)',
    'repay(address,uint256)',
    'repayBorrow(uint256)',
    'repayBorrow()',
    'repayBorrowBehalf(address,uint256)',
    'repayBorrowBehalf(address)',
  ],
  borrow: [
    'borrow(address,uint256,uint256,uint16,address)',
    'borrow(uint256)',
    'borrow(uint256,address)',
    'borrow(address,uint256)',
  ],
  withdraw: [
    'withdraw(address,uint256,address)',
    'withdraw(address,uint256)',
    'withdraw(uint256)',
    'withdraw(uint256,address,address)',
    'withdraw()',
    'redeem(uint256)',
    'redeem(uint256,address,address)',
    'redeemUnderlying(uint256)',
    'removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)',
  ],
  transfer: ['transfer(address,uint256)', 'transferFrom(address,address,uint256)'],
  trade: [
    'swap(uint256,uint256,address,bytes)',
    'swap(address,bool,int256,uint160,bytes)',
    'exchange(int128,int128,uint256,uint256)',
    'openPosition((address,bool,bool,uint256,uint256,uint160,uint256,bytes32))',
    'buyCollateral(address,uint256,uint256,address)',
  ],
  close: ['closePosition((address,uint160,uint256,uint256,bytes32))'],
  liquidate: [
    'liquidationCall(address,address,address,uint256,bool)',
    'liquidateBorrow(address,uint256,address)',
    'liquidateBorrow(address,address)',
    'liquidate(address,address,uint256,uint256)',
    'liquidate(address)',
    'liquidate(address,uint256)',
    'liquidate(address,address)',
    'absorb(address,address[])',
  ],
  settle: [
    'settle()',
    'settle(uint256)',
    'exercise(uint256)',
    'exercise(uint256,uint256)',
    'redeem(address,uint256)',
  ],
  funding: ['settleFunding(address)', 'settleAllFunding(address)', 'recomputeFunding()'],
}

const kinds: ReadonlyMap<Hex, OperationKind> = new Map(
  operationKinds.flatMap((kind) =>
    FUNCTIONS[kind].map((signature) => [toFunctionSelector(signature), kind] as const),
  ),
)

/** The kind of operation of this function, where its signature is known. */
export function operationKindOf(selector: Hex): OperationKind | undefined {
  return kinds.get(selector)
}

/**
 * The effect of a lever on each kind of operation: a tried effect takes precedence over the sources. A kind with one
 * blocked function counts as blocked.
 */
export function effectsByKind(
  { claims }: Pick<Lever, 'claims'>,
  probed: Readonly<Record<string, OpEffect>>,
): Partial<Record<OperationKind, OpEffect>> {
  const effects: Partial<Record<OperationKind, OpEffect>> = { ...claims }
  const tried = new Set<OperationKind>()
  for (const [selector, effect] of Object.entries(probed)) {
    const kind = operationKindOf(selector as Hex)
    if (kind === undefined || effect === 'unknown') continue
    if (!tried.has(kind) || effect === 'blocked') effects[kind] = effect
    tried.add(kind)
  }
  return effects
}
