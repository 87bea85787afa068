import type { Family } from './rule.ts'

/** Options of no brand: the names by which most engines let a holder exercise or settle. They count only where the contract pays out in that visit. */
export const options: Family = {
  protocol: 'options',
  logs: [],
  calls: [
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
