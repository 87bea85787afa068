import type { Family } from './rule.ts'

/** The vault of Balancer v2 (balancer-v2-monorepo `IVault`). */
export const balancerV2: Family = {
  protocol: 'balancer-v2',
  logs: [
    {
      action: 'mint',
      event:
        'PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider, address[] tokens, int256[] deltas, uint256[] protocolFeeAmounts)',
      topic: '0xe5ce249087ce04f05a957192435400fd97868dba0e6a4b4c049abf8af80dae78',
      actor: 'liquidityProvider',
      given: [{ amount: 'deltas', asset: 'tokens' }],
      where: { parameter: 'deltas', is: 'positive' },
    },
    {
      action: 'burn',
      event:
        'PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider, address[] tokens, int256[] deltas, uint256[] protocolFeeAmounts)',
      topic: '0xe5ce249087ce04f05a957192435400fd97868dba0e6a4b4c049abf8af80dae78',
      actor: 'liquidityProvider',
      taken: [{ amount: 'deltas', asset: 'tokens', less: true }],
      where: { parameter: 'deltas', is: 'negative' },
    },
    {
      action: 'flash-loan',
      event: 'FlashLoan(address indexed recipient, address indexed token, uint256 amount, uint256 feeAmount)',
      topic: '0x0d7d75e01ab95780d3cd1c8ec0dd6c2ce19e3a20427eec8bf53283b6fb8e95f0',
      beneficiary: 'recipient',
      taken: [{ amount: 'amount', asset: 'token' }],
    },
    {
      action: 'swap',
      event:
        'Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, uint256 amountIn, uint256 amountOut)',
      topic: '0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b',
    },
  ],
  calls: [
    {
      action: 'mint',
      function:
        'joinPool(bytes32 poolId, address sender, address recipient, (address[] assets, uint256[] maxAmountsIn, bytes userData, bool fromInternalBalance) request)',
      selector: '0xb95cac28',
      actor: 'sender',
      beneficiary: 'recipient',
    },
    {
      action: 'burn',
      function:
        'exitPool(bytes32 poolId, address sender, address recipient, (address[] assets, uint256[] minAmountsOut, bytes userData, bool toInternalBalance) request)',
      selector: '0x8bdb3913',
      actor: 'sender',
      beneficiary: 'recipient',
    },
    {
      action: 'flash-loan',
      function: 'flashLoan(address recipient, address[] tokens, uint256[] amounts, bytes userData)',
      selector: '0x5c38449e',
      beneficiary: 'recipient',
      taken: [{ amount: 'amounts', asset: 'tokens' }],
    },
  ],
}
