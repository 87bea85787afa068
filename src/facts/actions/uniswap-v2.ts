import type { Family } from './rule.ts'

/** Pairs of Uniswap v2 and its copies (v2-core `UniswapV2Pair`). A flash swap is a flash loan by shape. */
export const uniswapV2: Family = {
  protocol: 'uniswap-v2',
  logs: [
    {
      action: 'mint',
      event: 'Mint(address indexed sender, uint256 amount0, uint256 amount1)',
      topic: '0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f',
      actor: 'sender',
      given: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'burn',
      event: 'Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)',
      topic: '0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496',
      actor: 'sender',
      beneficiary: 'to',
      taken: [{ amount: 'amount0' }, { amount: 'amount1' }],
    },
    {
      action: 'swap',
      event:
        'Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)',
      topic: '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
    },
  ],
  calls: [
    { action: 'mint', function: 'mint(address to)', selector: '0x6a627842', beneficiary: 'to' },
    { action: 'burn', function: 'burn(address to)', selector: '0x89afcb44', beneficiary: 'to' },
    {
      action: 'swap',
      function: 'swap(uint256 amount0Out, uint256 amount1Out, address to, bytes data)',
      selector: '0x022c0d9f',
    },
  ],
}
