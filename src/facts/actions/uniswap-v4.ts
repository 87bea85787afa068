import type { Family } from './rule.ts'

/** The pool manager of Uniswap v4 (v4-core `IPoolManager`). It keeps the assets of every pool and settles at the end, so amounts are those of the visit. */
export const uniswapV4: Family = {
  protocol: 'uniswap-v4',
  logs: [
    {
      action: 'mint',
      event:
        'ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, int24 tickUpper, int256 liquidityDelta, bytes32 salt)',
      topic: '0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec',
      actor: 'sender',
      where: { parameter: 'liquidityDelta', is: 'positive' },
    },
    {
      action: 'burn',
      event:
        'ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, int24 tickUpper, int256 liquidityDelta, bytes32 salt)',
      topic: '0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec',
      actor: 'sender',
      where: { parameter: 'liquidityDelta', is: 'negative' },
    },
    {
      action: 'swap',
      event:
        'Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint24 fee)',
      topic: '0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f',
    },
  ],
  calls: [
    {
      action: 'swap',
      function:
        'swap((address currency0, address currency1, uint24 fee, int24 tickSpacing, address hooks) key, (bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96) params, bytes hookData)',
      selector: '0xf3cd914c',
    },
  ],
}
