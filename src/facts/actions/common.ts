import type { Family } from './rule.ts'

/**
 * Function names that are not specific to a protocol: they show the request, not the protocol. Most option engines use
 * them to let a holder exercise or settle, which counts only where the contract pays out in that visit.
 */
export const common: Family = {
  protocol: null,
  logs: [],
  calls: [
    {
      action: 'deposit',
      function: 'supply(address asset, uint256 amount)',
      selector: '0xf2b9fdb8',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'withdraw',
      function: 'withdraw(address asset, uint256 amount)',
      selector: '0xf3fef3a3',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'exercise',
      function: 'exercise(uint256 idOrAmount)',
      selector: '0xb07f0a41',
      silent: true,
      pays: true,
    },
    {
      action: 'exercise',
      function: 'exercise(uint256 id, uint256 amount)',
      selector: '0xa86265bb',
      silent: true,
      pays: true,
    },
    {
      action: 'exercise',
      function: 'exercise(uint256 amount, address holder)',
      selector: '0x1b6b7298',
      silent: true,
      pays: true,
    },
    { action: 'settle', function: 'settle(uint256 id)', selector: '0x8df82800', silent: true, pays: true },
    {
      action: 'settle',
      function: 'settle(address account)',
      selector: '0x6a256b29',
      silent: true,
      pays: true,
    },
  ],
}
