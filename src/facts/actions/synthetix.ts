import type { Family } from './rule.ts'

/** Synthetix: synths, liquidations and perpetuals (v2 markets). */
export const synthetix: Family = {
  protocol: 'synthetix',
  logs: [
    {
      action: 'mint',
      event: 'Issued(address indexed account, uint256 value)',
      topic: '0xa59f12e354e8cd10bb74c559844c2dd69a5458e31fe56c7594c62ca57480509a',
      beneficiary: 'account',
      taken: [{ amount: 'value', asset: 'self' }],
    },
    {
      action: 'burn',
      event: 'Burned(address indexed account, uint256 value)',
      topic: '0x696de425f79f4a40bc6d2122ca50507f0efbeabbff86a84871b7196ab8ea8df7',
      beneficiary: 'account',
      given: [{ amount: 'value', asset: 'self' }],
    },
    {
      action: 'liquidate',
      event:
        'AccountLiquidated(address indexed account, uint256 snxRedeemed, uint256 amountLiquidated, address liquidator)',
      topic: '0xaadb11d74982254be0fa96d24a08db29d68f446bc96b3092a9c9120b5c89caf2',
      actor: 'liquidator',
      beneficiary: 'account',
    },
    {
      action: 'deposit',
      event: 'MarginTransferred(address indexed account, int256 marginDelta)',
      topic: '0xe20b33a51269d7e4c48682ccfacaf1ca004fdec7b161e7098e4847a0c05d0ce2',
      actor: 'account',
      given: [{ amount: 'marginDelta' }],
      where: { parameter: 'marginDelta', is: 'positive' },
    },
    {
      action: 'withdraw',
      event: 'MarginTransferred(address indexed account, int256 marginDelta)',
      topic: '0xe20b33a51269d7e4c48682ccfacaf1ca004fdec7b161e7098e4847a0c05d0ce2',
      actor: 'account',
      taken: [{ amount: 'marginDelta', less: true }],
      where: { parameter: 'marginDelta', is: 'negative' },
    },
    {
      action: 'liquidate',
      event:
        'PositionLiquidated(uint256 id, address account, address liquidator, int256 size, uint256 price, uint256 fee)',
      topic: '0x62e7eb6698aabc6740afc94f06bbdfb947fc109fd24d4adb26014d44053ac2c3',
      actor: 'liquidator',
      beneficiary: 'account',
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'transferMargin(int256 marginDelta)',
      selector: '0x88a3c848',
      given: [{ amount: 'marginDelta' }],
      where: { parameter: 'marginDelta', is: 'positive' },
    },
    {
      action: 'withdraw',
      function: 'transferMargin(int256 marginDelta)',
      selector: '0x88a3c848',
      taken: [{ amount: 'marginDelta', less: true }],
      where: { parameter: 'marginDelta', is: 'negative' },
    },
    { action: 'mint', function: 'issueSynths(uint256 amount)', selector: '0x8a290014' },
    { action: 'burn', function: 'burnSynths(uint256 amount)', selector: '0x295da87d' },
  ],
}
