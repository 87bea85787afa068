import type { Family } from './rule.ts'

/** The pool of Aave v3 and Spark (aave-v3-core `IPool`). */
export const aaveV3: Family = {
  protocol: 'aave-v3',
  logs: [
    {
      action: 'deposit',
      event:
        'Supply(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint16 indexed referralCode)',
      topic: '0x2b627736bca15cd5381dcf80b0bf11fd197d01a037c52b927a881a10fb73ba61',
      actor: 'user',
      beneficiary: 'onBehalfOf',
      given: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'borrow',
      event:
        'Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)',
      topic: '0xb3d084820fb1a9decffb176436bd02558d15fac9b0ddfed8c465bc7359d7dce0',
      actor: 'user',
      beneficiary: 'onBehalfOf',
      taken: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'repay',
      event:
        'Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount, bool useATokens)',
      topic: '0xa534c8dbe71f871f9f3530e97a74601fea17b426cae02e1c5aee42c96c784051',
      actor: 'repayer',
      beneficiary: 'user',
      given: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'flash-loan',
      event:
        'FlashLoan(address indexed target, address initiator, address indexed asset, uint256 amount, uint8 interestRateMode, uint256 premium, uint16 indexed referralCode)',
      topic: '0xefefaba5e921573100900a3ad9cf29f222d995fb3b6045797eaea7521bd8d6f0',
      actor: 'initiator',
      beneficiary: 'target',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
      selector: '0x617ba037',
      beneficiary: 'onBehalfOf',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'flash-loan',
      function:
        'flashLoanSimple(address receiver, address asset, uint256 amount, bytes params, uint16 referralCode)',
      selector: '0x42b0b77c',
      beneficiary: 'receiver',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
  ],
}
