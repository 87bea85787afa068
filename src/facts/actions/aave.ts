import type { Family } from './rule.ts'

/** The logs that Aave v2 and v3 have in common: they do not show which of the two it was. */
export const aave: Family = {
  protocol: 'aave',
  logs: [
    {
      action: 'withdraw',
      event: 'Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)',
      topic: '0x3115d1449a7b732c986cba18244e897a450f61e1bb8d589cd2e69e6c8924f9f7',
      actor: 'user',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'liquidate',
      event:
        'LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)',
      topic: '0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286',
      actor: 'liquidator',
      beneficiary: 'user',
      given: [{ amount: 'debtToCover', asset: 'debtAsset' }],
      taken: [{ amount: 'liquidatedCollateralAmount', asset: 'collateralAsset' }],
    },
  ],
  calls: [
    {
      action: 'withdraw',
      function: 'withdraw(address asset, uint256 amount, address to)',
      selector: '0x69328dec',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'borrow',
      function:
        'borrow(address asset, uint256 amount, uint256 rateMode, uint16 referral, address onBehalfOf)',
      selector: '0xa415bcad',
      beneficiary: 'onBehalfOf',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'repay',
      function: 'repay(address asset, uint256 amount, uint256 rateMode, address onBehalfOf)',
      selector: '0x573ade81',
      beneficiary: 'onBehalfOf',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'liquidate',
      function:
        'liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
      selector: '0x00a718a9',
      beneficiary: 'user',
      given: [{ amount: 'debtToCover', asset: 'debtAsset' }],
    },
    {
      action: 'flash-loan',
      function:
        'flashLoan(address receiver, address[] assets, uint256[] amounts, uint256[] modes, address onBehalfOf, bytes params, uint16 referral)',
      selector: '0xab9c4b5d',
      beneficiary: 'receiver',
      taken: [{ amount: 'amounts', asset: 'assets' }],
    },
  ],
}
