import type { Family } from './rule.ts'

/** Markets of Compound v2 and what copies them (compound-protocol `CTokenInterfaces`). */
export const compoundV2: Family = {
  protocol: 'compound-v2',
  logs: [
    {
      action: 'deposit',
      event: 'Mint(address minter, uint256 mintAmount, uint256 mintTokens)',
      topic: '0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f',
      actor: 'minter',
      given: [{ amount: 'mintAmount' }],
      taken: [{ amount: 'mintTokens', asset: 'self' }],
    },
    {
      action: 'withdraw',
      event: 'Redeem(address redeemer, uint256 redeemAmount, uint256 redeemTokens)',
      topic: '0xe5b754fb1abb7f01b499791d0b820ae3b6af3424ac1c59768edb53f4ec31a929',
      actor: 'redeemer',
      given: [{ amount: 'redeemTokens', asset: 'self' }],
      taken: [{ amount: 'redeemAmount' }],
    },
    {
      action: 'borrow',
      event: 'Borrow(address borrower, uint256 borrowAmount, uint256 accountBorrows, uint256 totalBorrows)',
      topic: '0x13ed6866d4e1ee6da46f845c46d7e54120883d75c5ea9a2dacc1c4ca8984ab80',
      actor: 'borrower',
      taken: [{ amount: 'borrowAmount' }],
    },
    {
      action: 'repay',
      event:
        'RepayBorrow(address payer, address borrower, uint256 repayAmount, uint256 accountBorrows, uint256 totalBorrows)',
      topic: '0x1a2a22cb034d26d1854bdc6666a5b91fe25efbbb5dcad3b0355478d6f5c362a1',
      actor: 'payer',
      beneficiary: 'borrower',
      given: [{ amount: 'repayAmount' }],
    },
    {
      action: 'liquidate',
      event:
        'LiquidateBorrow(address liquidator, address borrower, uint256 repayAmount, address collateral, uint256 seizeTokens)',
      topic: '0x298637f684da70674f26509b10f07ec2fbc77a335ab1e7d6215a4b2484d8bb52',
      actor: 'liquidator',
      beneficiary: 'borrower',
      given: [{ amount: 'repayAmount' }],
      taken: [{ amount: 'seizeTokens', asset: 'collateral' }],
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'mint(uint256 mintAmount)',
      selector: '0xa0712d68',
      given: [{ amount: 'mintAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'withdraw',
      function: 'redeem(uint256 redeemTokens)',
      selector: '0xdb006a75',
      given: [{ amount: 'redeemTokens', asset: 'self' }],
      zeroIsSuccess: true,
    },
    {
      action: 'withdraw',
      function: 'redeemUnderlying(uint256 redeemAmount)',
      selector: '0x852a12e3',
      taken: [{ amount: 'redeemAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'borrow',
      function: 'borrow(uint256 borrowAmount)',
      selector: '0xc5ebeaec',
      taken: [{ amount: 'borrowAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'repay',
      function: 'repayBorrow(uint256 repayAmount)',
      selector: '0x0e752702',
      given: [{ amount: 'repayAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'repay',
      function: 'repayBorrowBehalf(address borrower, uint256 repayAmount)',
      selector: '0x2608f818',
      beneficiary: 'borrower',
      given: [{ amount: 'repayAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'liquidate',
      function: 'liquidateBorrow(address borrower, uint256 repayAmount, address collateral)',
      selector: '0xf5e3c462',
      beneficiary: 'borrower',
      given: [{ amount: 'repayAmount' }],
      zeroIsSuccess: true,
    },
    {
      action: 'liquidate',
      function: 'liquidateBorrow(address borrower, address collateral)',
      selector: '0xaae40a2a',
      beneficiary: 'borrower',
      zeroIsSuccess: true,
    },
  ],
}
