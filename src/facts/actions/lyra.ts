import type { Family } from './rule.ts'

/** Lyra (avalon): the liquidity pool of an option market and its options. */
export const lyra: Family = {
  protocol: 'lyra',
  logs: [
    {
      action: 'deposit',
      event:
        'DepositProcessed(address indexed caller, address indexed beneficiary, uint256 indexed depositQueueId, uint256 amountDeposited, uint256 tokenPrice, uint256 tokensReceived, uint256 timestamp)',
      topic: '0x99cdca9a06dd306978f602048f61f4209c6fbffc5d245df94bcc42ce2433c555',
      actor: 'caller',
      beneficiary: 'beneficiary',
      given: [{ amount: 'amountDeposited' }],
      taken: [{ amount: 'tokensReceived' }],
    },
    {
      action: 'withdraw',
      event:
        'WithdrawProcessed(address indexed caller, address indexed beneficiary, uint256 indexed withdrawalQueueId, uint256 amountWithdrawn, uint256 tokenPrice, uint256 quoteReceived, uint256 totalQueuedWithdrawals, uint256 timestamp)',
      topic: '0xdc8aaba62fc5310acaf31e2b90da0d660b78230975a674ee4044329d939f3a1a',
      actor: 'caller',
      beneficiary: 'beneficiary',
      given: [{ amount: 'amountWithdrawn' }],
      taken: [{ amount: 'quoteReceived' }],
    },
  ],
  calls: [
    {
      action: 'settle',
      function: 'settleOptions(uint256[] positionIds)',
      selector: '0xbc0d6c57',
      silent: true,
      pays: true,
    },
  ],
}
