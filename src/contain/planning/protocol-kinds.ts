import { toFunctionSelector } from 'viem'
import type { Hex } from '../../model/hex.ts'
import type { OperationKind } from '../../model/lever.ts'
import type { ProtocolKind } from '../../model/protocol-kind.ts'
import { operationKindOf } from '../trials/operation-kinds.ts'

/** How one kind is recognised: by a number of its own functions, or by a set of operations that only it offers. */
type Sign = {
  functions: readonly string[]
  least: number
  operations?: readonly (readonly OperationKind[])[]
}

/** Function names specific to a kind. Those of tokens, owners and pauses are not distinctive and are left out. */
const SIGNS: Readonly<Record<Exclude<ProtocolKind, 'other' | 'vault' | 'token'>, Sign>> = {
  option: {
    functions: [
      'exercise(uint256,uint256,address[])',
      'exercise(uint256)',
      'exercise(uint256,uint256)',
      'exercise(address,uint256)',
      'exerciseOption(uint256)',
      'payoff(uint256)',
      'strike()',
      'strikePrice()',
      'expiryTimestamp()',
      'isPut()',
      'createSeries(string,uint256,uint256)',
      'getPayout(address,uint256)',
      'isSettlementAllowed(address)',
      'settleExpiredBoard(uint256)',
      'settleOptions(uint256[])',
      'rollToNextOption()',
      'commitAndClose()',
      'createOtoken(address,address,address,uint256,uint256,bool)',
      'getExpiredPayoutRate(address)',
      'getExpiryPrice(address,uint256)',
      'setExpiryPrice(address,uint256,uint256)',
    ],
    least: 2,
  },
  perp: {
    functions: [
      'openPosition((address,bool,bool,uint256,uint256,uint160,uint256,bytes32))',
      'closePosition((address,uint160,uint256,uint256,bytes32))',
      'settleAllFunding(address)',
      'settleFunding(address)',
      'recomputeFunding()',
      'increasePosition(address,address,address,uint256,bool)',
      'decreasePosition(address,address,address,uint256,uint256,bool,address)',
      'liquidatePosition(address,address,address,bool,address)',
      'cumulativeFundingRates(address)',
      'getFundingRate()',
      'fundingRate()',
      'currentFundingRate()',
      'markPrice()',
      'getMarkPrice()',
      'openInterest()',
      'maxLeverage()',
    ],
    least: 2,
  },
  lending: {
    functions: [
      'enterMarkets(address[])',
      'getAccountLiquidity(address)',
      'borrowBalanceStored(address)',
      'borrowBalanceOf(address)',
      'totalBorrows()',
      'totalBorrow()',
      'getReserveData(address)',
      'getUserAccountData(address)',
      'isLiquidatable(address)',
      'flashLoanSimple(address,address,uint256,bytes,uint16)',
      'idToMarketParams(bytes32)',
      'collateralFactorMantissa()',
    ],
    least: 2,
    operations: [
      ['borrow', 'repay'],
      ['borrow', 'liquidate'],
    ],
  },
  bridge: {
    functions: [
      'relayMessage(uint256,address,address,uint256,uint256,bytes)',
      'sendMessage(address,bytes,uint32)',
      'finalizeDeposit(address,address,address,address,uint256,bytes)',
      'finalizeBridgeERC20(address,address,address,address,uint256,bytes)',
      'finalizeETHWithdrawal(address,address,uint256,bytes)',
      'bridgeERC20To(address,address,address,uint256,uint32,bytes)',
      'process(bytes)',
      'acceptableRoot(bytes32)',
      'executeProposal(uint8,uint64,bytes,bytes32)',
      'voteProposal(uint8,uint64,bytes32,bytes32)',
      'verifyHeaderAndExecuteTx(bytes,bytes,bytes,bytes,bytes)',
      'crossChain(uint64,bytes,bytes,bytes)',
      'lzReceive(uint16,bytes,uint64,bytes)',
      'execute(bytes32,string,string,bytes)',
      'completeTransfer(bytes)',
      'parseAndVerifyVM(bytes)',
      'receiveMessage(bytes,bytes)',
      'depositForBurn(uint256,uint32,bytes32,address)',
      'ccipReceive((bytes32,uint64,bytes,bytes,(address,uint256)[]))',
      'getPeer(uint32)',
      'proveWithdrawalTransaction((uint256,address,address,uint256,uint256,bytes),uint256,(bytes32,bytes32,bytes32,bytes32),bytes[])',
      'withdrawERC20For(address,address,uint256,bytes)',
      'submitWithdrawal((uint8,uint256,uint256,bytes[]))',
      'swapOut(uint256,address,uint256)',
      'swapIn(bytes32,address,address,uint256)',
      'anySwapOut(address,address,uint256,uint256)',
      'anySwapIn(bytes32,address,address,uint256,uint256)',
    ],
    least: 1,
  },
  stablecoin: {
    functions: [
      'masterMinter()',
      'configureMinter(address,uint256)',
      'minterAllowance(address)',
      'addBlackList(address)',
      'destroyBlackFunds(address)',
      'issue(uint256)',
      'frob(bytes32,address,address,address,int256,int256)',
      'sellGem(address,uint256)',
      'buyGem(address,uint256)',
      'openTrove(uint256,uint256,address,address)',
      'redeemCollateral(uint256,address,address,address,uint256,uint256,uint256)',
      'global_collateral_ratio()',
      'collateralRatio()',
      'pegPrice()',
    ],
    least: 2,
  },
  exchange: {
    functions: [
      'getReserves()',
      'slot0()',
      'get_dy(int128,int128,uint256)',
      'get_dy(uint256,uint256,uint256)',
      'get_virtual_price()',
      'swap(uint256,uint256,address,bytes)',
      'swap(address,bool,int256,uint160,bytes)',
      'exchange(int128,int128,uint256,uint256)',
      'exchange(uint256,uint256,uint256,uint256)',
      'addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)',
      'getPoolTokens(bytes32)',
      'swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)',
      'swapExactTokensForTokens(uint256,uint256,address[],address,uint256)',
      'swapExactAmountIn(address,uint256,address,uint256,uint256)',
      'getPairReserves()',
      'sellBaseToken(uint256)',
    ],
    least: 2,
  },
}

/** A pool with shares: it reports the value of a share. */
const SHARES = [
  'convertToAssets(uint256)',
  'convertToShares(uint256)',
  'previewRedeem(uint256)',
  'pricePerShare()',
  'getPricePerFullShare()',
  'getRate()',
  'getPooledEthByShares(uint256)',
  'sharePrice()',
  'getSharePrice()',
  'getSharePrice(uint256)',
].map((signature) => toFunctionSelector(signature))

const TOKEN = ['transfer(address,uint256)', 'balanceOf(address)', 'totalSupply()'].map((signature) =>
  toFunctionSelector(signature),
)

const signs = Object.entries(SIGNS).map(([kind, { functions, ...sign }]) => ({
  ...sign,
  kind: kind as keyof typeof SIGNS,
  selectors: functions.map((signature) => toFunctionSelector(signature)),
}))

/**
 * The kind of a contract with these functions, among all kinds that it shows. Pool and token are the fallbacks: a
 * market issues shares too, and a vault's share is a token.
 */
export function kindsOf(functions: ReadonlySet<Hex>): readonly ProtocolKind[] {
  const operations = new Set([...functions].flatMap((selector) => operationKindOf(selector) ?? []))
  const kinds: ProtocolKind[] = signs
    .filter(
      ({ selectors, least, operations: sets = [] }) =>
        selectors.filter((selector) => functions.has(selector)).length >= least ||
        sets.some((set) => set.every((operation) => operations.has(operation))),
    )
    .map(({ kind }) => kind)
  if (kinds.length > 0) return kinds
  if (SHARES.some((selector) => functions.has(selector))) return ['vault']
  if (operations.has('supply') && operations.has('withdraw')) return ['vault']
  return TOKEN.every((selector) => functions.has(selector)) ? ['token'] : ['other']
}
