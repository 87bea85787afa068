import type { Family } from './rule.ts'

/** GMX v1: vault and liquidity providers' pool. Collateral is logged in dollars, so amounts are those of the visit. */
export const gmx: Family = {
  protocol: 'gmx-v1',
  logs: [
    {
      action: 'open',
      event:
        'IncreasePosition(bytes32 key, address account, address collateralToken, address indexToken, uint256 collateralDelta, uint256 sizeDelta, bool isLong, uint256 price, uint256 fee)',
      topic: '0x2fe68525253654c21998f35787a8d0f361905ef647c854092430ab65f2f15022',
      actor: 'account',
    },
    {
      action: 'close',
      event:
        'DecreasePosition(bytes32 key, address account, address collateralToken, address indexToken, uint256 collateralDelta, uint256 sizeDelta, bool isLong, uint256 price, uint256 fee)',
      topic: '0x93d75d64d1f84fc6f430a64fc578bdd4c1e090e90ea2d51773e626d19de56d30',
      actor: 'account',
    },
    {
      action: 'liquidate',
      event:
        'LiquidatePosition(bytes32 key, address account, address collateralToken, address indexToken, bool isLong, uint256 size, uint256 collateral, uint256 reserveAmount, int256 realisedPnl, uint256 markPrice)',
      topic: '0x2e1f85a64a2f22cf2f0c42584e7c919ed4abe8d53675cff0f62bf1e95a1c676f',
      beneficiary: 'account',
    },
    {
      action: 'mint',
      event:
        'AddLiquidity(address account, address token, uint256 amount, uint256 aumInUsdg, uint256 glpSupply, uint256 usdgAmount, uint256 mintAmount)',
      topic: '0x38dc38b96482be64113daffd8d464ebda93e856b70ccfc605e69ccf892ab981e',
      actor: 'account',
      given: [{ amount: 'amount', asset: 'token' }],
      taken: [{ amount: 'mintAmount' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidity(address account, address token, uint256 glpAmount, uint256 aumInUsdg, uint256 glpSupply, uint256 usdgAmount, uint256 amountOut)',
      topic: '0x87b9679bb9a4944bafa98c267e7cd4a00ab29fed48afdefae25f0fca5da27940',
      actor: 'account',
      given: [{ amount: 'glpAmount' }],
      taken: [{ amount: 'amountOut', asset: 'token' }],
    },
    {
      action: 'swap',
      event:
        'Swap(address account, address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOut, uint256 amountOutAfterFees, uint256 feeBasisPoints)',
      topic: '0x0874b2d545cb271cdbda4e093020c452328b24af12382ed62c4d00f5c26709db',
    },
  ],
  calls: [
    {
      action: 'open',
      function:
        'increasePosition(address account, address collateralToken, address indexToken, uint256 sizeDelta, bool isLong)',
      selector: '0x48d91abf',
      beneficiary: 'account',
    },
    {
      action: 'close',
      function:
        'decreasePosition(address account, address collateralToken, address indexToken, uint256 collateralDelta, uint256 sizeDelta, bool isLong, address receiver)',
      selector: '0x82a08490',
      beneficiary: 'receiver',
    },
    {
      action: 'liquidate',
      function:
        'liquidatePosition(address account, address collateralToken, address indexToken, bool isLong, address feeReceiver)',
      selector: '0xde2ea948',
      beneficiary: 'account',
    },
  ],
}
