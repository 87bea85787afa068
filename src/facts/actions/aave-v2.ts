import type { Family } from './rule.ts'

/** The lending pool of Aave v2 (protocol-v2 `ILendingPool`). */
export const aaveV2: Family = {
  protocol: 'aave-v2',
  logs: [
    {
      action: 'deposit',
      event:
        'Deposit(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint16 indexed referral)',
      topic: '0xde6857219544bb5b7746f48ed30be6386fefc61b2f864cacf559893bf50fd951',
      actor: 'user',
      beneficiary: 'onBehalfOf',
      given: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'borrow',
      event:
        'Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint256 borrowRateMode, uint256 borrowRate, uint16 indexed referral)',
      topic: '0xc6a898309e823ee50bac64e45ca8adba6690e99e7841c45d754e2a38e9019d9b',
      actor: 'user',
      beneficiary: 'onBehalfOf',
      taken: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'repay',
      event: 'Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount)',
      topic: '0x4cdde6e09bb755c9a5589ebaec640bbfedff1362d4b255ebf8339782b9942faa',
      actor: 'repayer',
      beneficiary: 'user',
      given: [{ amount: 'amount', asset: 'reserve' }],
    },
    {
      action: 'flash-loan',
      event:
        'FlashLoan(address indexed target, address indexed initiator, address indexed asset, uint256 amount, uint256 premium, uint16 referralCode)',
      topic: '0x631042c832b07452973831137f2d73e395028b44b250dedc5abb0ee766e168ac',
      actor: 'initiator',
      beneficiary: 'target',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'deposit(address asset, uint256 amount, address onBehalfOf, uint16 referral)',
      selector: '0xe8eda9df',
      beneficiary: 'onBehalfOf',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
  ],
}
