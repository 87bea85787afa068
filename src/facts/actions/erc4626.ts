import type { Family } from './rule.ts'

/** Tokenised vaults by EIP-4626. */
export const erc4626: Family = {
  protocol: 'erc4626',
  logs: [
    {
      action: 'deposit',
      event: 'Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)',
      topic: '0xdcbc1c05240f31ff3ad067ef1ee35ce4997762752e3a095284754544f4c709d7',
      actor: 'sender',
      beneficiary: 'owner',
      given: [{ amount: 'assets' }],
      taken: [{ amount: 'shares', asset: 'self' }],
    },
    {
      action: 'withdraw',
      event:
        'Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares)',
      topic: '0xfbde797d201c681b91056529119e0b02407c7bb96a4a2c75c01fc9667232c8db',
      actor: 'sender',
      beneficiary: 'receiver',
      given: [{ amount: 'shares', asset: 'self' }],
      taken: [{ amount: 'assets' }],
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'deposit(uint256 assets, address receiver)',
      selector: '0x6e553f65',
      beneficiary: 'receiver',
      given: [{ amount: 'assets' }],
    },
    {
      action: 'deposit',
      function: 'mint(uint256 shares, address receiver)',
      selector: '0x94bf804d',
      beneficiary: 'receiver',
      taken: [{ amount: 'shares', asset: 'self' }],
    },
    {
      action: 'withdraw',
      function: 'withdraw(uint256 assets, address receiver, address owner)',
      selector: '0xb460af94',
      beneficiary: 'receiver',
      taken: [{ amount: 'assets' }],
    },
    {
      action: 'withdraw',
      function: 'redeem(uint256 shares, address receiver, address owner)',
      selector: '0xba087652',
      beneficiary: 'receiver',
      given: [{ amount: 'shares', asset: 'self' }],
    },
  ],
}
