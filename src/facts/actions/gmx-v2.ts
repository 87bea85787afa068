import type { Family } from './rule.ts'

const EVENT_LOG_1 =
  'EventLog1(address msgSender, string eventName, string indexed eventNameHash, bytes32 indexed topic1, (((string, address)[], (string, address[])[]), ((string, uint256)[], (string, uint256[])[]), ((string, int256)[], (string, int256[])[]), ((string, bool)[], (string, bool[])[]), ((string, bytes32)[], (string, bytes32[])[]), ((string, bytes)[], (string, bytes[])[]), ((string, string)[], (string, string[])[])) eventData)'

/**
 * GMX v2: one contract logs for all, and the event's name is the second topic. It logs for the handlers that may write
 * to it: `contract` is that handler.
 */
export const gmxV2: Family = {
  protocol: 'gmx-v2',
  logs: [
    {
      action: 'open',
      event: EVENT_LOG_1,
      topic: '0x137a44067c8961cd7e1d876f4754a5a3a75989b4552f1843fc69c3b372def160',
      named: {
        name: 'PositionIncrease',
        topic: '0xf94196ccb31f81a3e67df18f2a62cbfb50009c80a7d3c728a3f542e3abc5cb63',
      },
      contract: 'msgSender',
    },
    {
      action: 'close',
      event: EVENT_LOG_1,
      topic: '0x137a44067c8961cd7e1d876f4754a5a3a75989b4552f1843fc69c3b372def160',
      named: {
        name: 'PositionDecrease',
        topic: '0x07d51b51b408d7c62dcc47cc558da5ce6a6e0fd129a427ebce150f52b0e5171a',
      },
      contract: 'msgSender',
    },
    {
      action: 'deposit',
      event: EVENT_LOG_1,
      topic: '0x137a44067c8961cd7e1d876f4754a5a3a75989b4552f1843fc69c3b372def160',
      named: {
        name: 'DepositExecuted',
        topic: '0x2856020a9644603d22d7b029b5649a55d708b88d9049150f146ac26c4107b880',
      },
      contract: 'msgSender',
    },
    {
      action: 'withdraw',
      event: EVENT_LOG_1,
      topic: '0x137a44067c8961cd7e1d876f4754a5a3a75989b4552f1843fc69c3b372def160',
      named: {
        name: 'WithdrawalExecuted',
        topic: '0x7998e9258f1701223baddabfe884a5dc09ee23a6b31b57c9e8150d60c97707f8',
      },
      contract: 'msgSender',
    },
  ],
  calls: [],
}
