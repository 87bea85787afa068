import type { Family } from './rule.ts'

/** Pools of Uniswap v3 and PancakeSwap v3 (v3-core `IUniswapV3PoolEvents`). */
export const uniswapV3: Family = {
  protocol: 'uniswap-v3',
  logs: [
    {
      action: 'mint',
      event:
        'Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
      topic: '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde',
      actor: 'sender',
      beneficiary: 'owner',
      given: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'burn',
      event:
        'Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
      topic: '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c',
      beneficiary: 'owner',
      taken: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'flash-loan',
      event:
        'Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1)',
      topic: '0xbdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633',
      actor: 'sender',
      beneficiary: 'recipient',
      taken: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'swap',
      event:
        'Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
      topic: '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67',
    },
    {
      action: 'swap',
      event:
        'Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint128 protocolFeesToken0, uint128 protocolFeesToken1)',
      topic: '0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83',
    },
  ],
  calls: [
    {
      action: 'mint',
      function: 'mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount, bytes data)',
      selector: '0x3c8a7d8d',
      beneficiary: 'recipient',
    },
    {
      action: 'burn',
      function: 'burn(int24 tickLower, int24 tickUpper, uint128 amount)',
      selector: '0xa34123a7',
    },
    {
      action: 'flash-loan',
      function: 'flash(address recipient, uint256 amount0, uint256 amount1, bytes data)',
      selector: '0x490e6cbc',
      beneficiary: 'recipient',
      taken: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'swap',
      function:
        'swap(address recipient, bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96, bytes data)',
      selector: '0x128acb08',
    },
  ],
}
