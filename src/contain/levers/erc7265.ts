import { readOf } from './reads.ts'
import type { LeverTemplate } from './template.ts'

/** ERC-7265, a draft: a circuit breaker through which a protocol’s tokens leave. */
export const erc7265Templates: readonly LeverTemplate[] = [
  {
    id: 'erc7265/lock',
    protocol: 'ERC-7265 draft',
    kind: 'pause',
    breadth: 'system',
    signature: 'markAsNotOperational()',
    recognisedBy: [
      'markAsNotOperational()',
      'isOperational()',
      'migrateFundsAfterExploit(address[],address)',
    ],
    // A person must confirm it: it is irreversible.
    needs: ['irreversible'],
    claims: { supply: 'blocked', withdraw: 'blocked' },
    trap: 'IRREVERSIBLE: the draft has no recovery path: nothing goes in or out again; the admin may then move what the breaker holds anywhere',
    tried: { on: 'fixture', what: 'contracts/levers/CircuitBreaker.sol' },
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'everything that the breaker protects, for ever',
        state: [readOf(target, 'isOperational() view returns (bool)', { pulled: 'clear' })],
      },
    ],
  },
]
