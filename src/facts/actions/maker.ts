import type { Family } from './rule.ts'

/**
 * Maker’s multi-collateral Dai (dss). The vat logs only raw calldata, so `frob` counts by its call; its collateral has
 * 18 decimals, its debt is normalised (multiply by the rate of its kind).
 */
export const maker: Family = {
  protocol: 'maker',
  logs: [
    {
      action: 'liquidate',
      event:
        'Bark(bytes32 indexed ilk, address indexed urn, uint256 ink, uint256 art, uint256 due, address clip, uint256 indexed id)',
      topic: '0x85258d09e1e4ef299ff3fc11e74af99563f022d21f3f940db982229dc2a3358c',
      beneficiary: 'urn',
    },
    {
      action: 'liquidate',
      event:
        'Bite(bytes32 indexed ilk, address indexed urn, uint256 ink, uint256 art, uint256 tab, address flip, uint256 id)',
      topic: '0xa716da86bc1fb6d43d1493373f34d7a418b619681cd7b90f7ea667ba1489be28',
      beneficiary: 'urn',
    },
    {
      action: 'liquidate',
      event:
        'Take(uint256 indexed id, uint256 most, uint256 price, uint256 owe, uint256 tab, uint256 lot, address indexed usr)',
      topic: '0x05e309fd6ce72f2ab888a20056bb4210df08daed86f21f95053deb19964d86b1',
      beneficiary: 'usr',
    },
    {
      action: 'flash-loan',
      event: 'FlashLoan(address indexed receiver, address token, uint256 amount, uint256 fee)',
      topic: '0x0d7d75e01ab95780d3cd1c8ec0dd6c2ce19e3a20427eec8bf53283b6fb8e95f0',
      beneficiary: 'receiver',
      taken: [{ amount: 'amount', asset: 'token' }],
    },
  ],
  calls: [
    {
      action: 'deposit',
      function: 'frob(bytes32 ilk, address urn, address gems, address debtor, int256 dink, int256 dart)',
      selector: '0x76088703',
      beneficiary: 'urn',
      given: [{ amount: 'dink' }],
      where: { parameter: 'dink', is: 'positive' },
      silent: true,
    },
    {
      action: 'withdraw',
      function: 'frob(bytes32 ilk, address urn, address gems, address debtor, int256 dink, int256 dart)',
      selector: '0x76088703',
      beneficiary: 'urn',
      taken: [{ amount: 'dink', less: true }],
      where: { parameter: 'dink', is: 'negative' },
      silent: true,
    },
    {
      action: 'borrow',
      function: 'frob(bytes32 ilk, address urn, address gems, address debtor, int256 dink, int256 dart)',
      selector: '0x76088703',
      beneficiary: 'urn',
      taken: [{ amount: 'dart' }],
      where: { parameter: 'dart', is: 'positive' },
      silent: true,
    },
    {
      action: 'repay',
      function: 'frob(bytes32 ilk, address urn, address gems, address debtor, int256 dink, int256 dart)',
      selector: '0x76088703',
      beneficiary: 'urn',
      given: [{ amount: 'dart', less: true }],
      where: { parameter: 'dart', is: 'negative' },
      silent: true,
    },
    {
      action: 'liquidate',
      function: 'bark(bytes32 ilk, address urn, address keeper)',
      selector: '0xed998908',
      beneficiary: 'urn',
    },
  ],
}
