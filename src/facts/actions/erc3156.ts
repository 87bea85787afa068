import type { Family } from './rule.ts'

/** Flash loans by EIP-3156, which has no event: the call counts where logs are known too. */
export const erc3156: Family = {
  protocol: 'erc3156',
  logs: [],
  calls: [
    {
      action: 'flash-loan',
      function: 'flashLoan(address receiver, address token, uint256 amount, bytes data)',
      selector: '0x5cffe9de',
      beneficiary: 'receiver',
      taken: [{ amount: 'amount', asset: 'token' }],
      silent: true,
    },
  ],
}
