import type { Family } from './rule.ts'

/**
 * Pools of Curve: stable (two to four coins), crypto (two and three) and the new generation. `RemoveLiquidityOne` with
 * three words means two things, so its amount is taken from the movements.
 */
export const curve: Family = {
  protocol: 'curve',
  logs: [
    {
      action: 'mint',
      event:
        'AddLiquidity(address indexed provider, uint256[2] amounts, uint256[2] fees, uint256 invariant, uint256 supply)',
      topic: '0x26f55a85081d24974e85c6c00045d0f0453991e95873f52bff0d21af4079a768',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[2] amounts, uint256[2] fees, uint256 supply)',
      topic: '0x7c363854ccf79623411f8995b362bce5eddff18c927edc6f5dbbb5e05819a82c',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityImbalance(address indexed provider, uint256[2] amounts, uint256[2] fees, uint256 invariant, uint256 supply)',
      topic: '0x2b5508378d7e19e0d5fa338419034731416c4f5b219a10379956f764317fd47e',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      event: 'AddLiquidity(address indexed provider, uint256[2] amounts, uint256 fee, uint256 supply)',
      topic: '0x540ab385f9b5d450a27404172caade516b3ba3f4be88239ac56a2ad1de2a1f5a',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[2] amounts, uint256 supply)',
      topic: '0xdd3c0336a16f1b64f172b7bb0dad5b2b3c7c76f91e8c4aafd6aae60dce800153',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      event:
        'AddLiquidity(address indexed provider, uint256[3] amounts, uint256[3] fees, uint256 invariant, uint256 supply)',
      topic: '0x423f6495a08fc652425cf4ed0d1f9e37e571d9b9529b1c1c23cce780b2e7df0d',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[3] amounts, uint256[3] fees, uint256 supply)',
      topic: '0xa49d4cf02656aebf8c771f5a8585638a2a15ee6c97cf7205d4208ed7c1df252d',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityImbalance(address indexed provider, uint256[3] amounts, uint256[3] fees, uint256 invariant, uint256 supply)',
      topic: '0x173599dbf9c6ca6f7c3b590df07ae98a45d74ff54065505141e7de6c46a624c2',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      event: 'AddLiquidity(address indexed provider, uint256[3] amounts, uint256 fee, uint256 supply)',
      topic: '0x96b486485420b963edd3fdec0b0195730035600feb7de6f544383d7950fa97ee',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[3] amounts, uint256 supply)',
      topic: '0xd6cc314a0b1e3b2579f8e64248e82434072e8271290eef8ad0886709304195f5',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      event:
        'AddLiquidity(address indexed provider, uint256[4] amounts, uint256[4] fees, uint256 invariant, uint256 supply)',
      topic: '0x3f1915775e0c9a38a57a7bb7f1f9005f486fb904e1f84aa215364d567319a58d',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[4] amounts, uint256[4] fees, uint256 supply)',
      topic: '0x9878ca375e106f2a43c3b599fc624568131c4c9a4ba66a14563715763be9d59d',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityImbalance(address indexed provider, uint256[4] amounts, uint256[4] fees, uint256 invariant, uint256 supply)',
      topic: '0xb964b72f73f5ef5bf0fdc559b2fab9a7b12a39e47817a547f1f0aee47febd602',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      event:
        'AddLiquidity(address indexed provider, uint256[] amounts, uint256[] fees, uint256 invariant, uint256 supply)',
      topic: '0x189c623b666b1b45b83d7178f39b8c087cb09774317ca2f53c2d3c3726f222a2',
      actor: 'provider',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidity(address indexed provider, uint256[] amounts, uint256[] fees, uint256 supply)',
      topic: '0x347ad828e58cbe534d8f6b67985d791360756b18f0d95fd9f197a66cc46480ea',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityImbalance(address indexed provider, uint256[] amounts, uint256[] fees, uint256 invariant, uint256 supply)',
      topic: '0x3631c28b1f9dd213e0319fb167b554d76b6c283a41143eb400a0d1adb1af1755',
      actor: 'provider',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      event: 'RemoveLiquidityOne(address indexed provider, uint256 shares, uint256 amount)',
      topic: '0x9e96dd3b997a2a257eec4df9bb6eaf626e206df5f543bd963682d143300be310',
      actor: 'provider',
      taken: [{ amount: 'amount' }],
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityOne(address indexed provider, uint256 shares, uint256 amountOrIndex, uint256 supplyOrAmount)',
      topic: '0x5ad056f2e28a8cec232015406b843668c1e36cda598127ec3b8c59b8c72773a0',
      actor: 'provider',
    },
    {
      action: 'burn',
      event:
        'RemoveLiquidityOne(address indexed provider, int128 index, uint256 shares, uint256 amount, uint256 supply)',
      topic: '0x6f48129db1f37ccb9cc5dd7e119cb32750cabdf75b48375d730d26ce3659bbe1',
      actor: 'provider',
      taken: [{ amount: 'amount' }],
    },
    {
      action: 'swap',
      event:
        'TokenExchange(address indexed buyer, int128 soldId, uint256 sold, int128 boughtId, uint256 bought)',
      topic: '0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140',
    },
    {
      action: 'swap',
      event:
        'TokenExchangeUnderlying(address indexed buyer, int128 soldId, uint256 sold, int128 boughtId, uint256 bought)',
      topic: '0xd013ca23e77a65003c2c659c5442c00c805371b7fc1ebd4c206c41d1536bd90b',
    },
    {
      action: 'swap',
      event:
        'TokenExchange(address indexed buyer, uint256 soldId, uint256 sold, uint256 boughtId, uint256 bought)',
      topic: '0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98',
    },
  ],
  calls: [
    {
      action: 'mint',
      function: 'add_liquidity(uint256[2] amounts, uint256 least)',
      selector: '0x0b4c7e4d',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      function: 'remove_liquidity(uint256 amount, uint256[2] least)',
      selector: '0x5b36389c',
    },
    {
      action: 'burn',
      function: 'remove_liquidity_imbalance(uint256[2] amounts, uint256 most)',
      selector: '0xe3103273',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      function: 'add_liquidity(uint256[3] amounts, uint256 least)',
      selector: '0x4515cef3',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      function: 'remove_liquidity(uint256 amount, uint256[3] least)',
      selector: '0xecb586a5',
    },
    {
      action: 'burn',
      function: 'remove_liquidity_imbalance(uint256[3] amounts, uint256 most)',
      selector: '0x9fdaea0c',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'mint',
      function: 'add_liquidity(uint256[4] amounts, uint256 least)',
      selector: '0x029b2f34',
      given: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      function: 'remove_liquidity(uint256 amount, uint256[4] least)',
      selector: '0x7d49d875',
    },
    {
      action: 'burn',
      function: 'remove_liquidity_imbalance(uint256[4] amounts, uint256 most)',
      selector: '0x18a7bd76',
      taken: [{ amount: 'amounts' }],
    },
    {
      action: 'burn',
      function: 'remove_liquidity_one_coin(uint256 amount, int128 index, uint256 least)',
      selector: '0x1a4d01d2',
    },
    {
      action: 'burn',
      function: 'remove_liquidity_one_coin(uint256 amount, uint256 index, uint256 least)',
      selector: '0xf1dc3cc9',
    },
    {
      action: 'swap',
      function: 'exchange(int128 sold, int128 bought, uint256 amount, uint256 least)',
      selector: '0x3df02124',
    },
    {
      action: 'swap',
      function: 'exchange_underlying(int128 sold, int128 bought, uint256 amount, uint256 least)',
      selector: '0xa6417ed6',
    },
    {
      action: 'swap',
      function: 'exchange(uint256 sold, uint256 bought, uint256 amount, uint256 least)',
      selector: '0x5b41b908',
    },
  ],
}
