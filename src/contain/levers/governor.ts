import { toFunctionSelector } from 'viem'
import { givenNumber, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Governor and GovernorBravo: `ProposalState.Canceled`. */
const CANCELED = 2n
/** Canceled, Defeated, Expired and Executed: there is nothing left to cancel. */
const OVER = [2n, 3n, 6n, 7n]
const STATE = 'state(uint256) view returns (uint8)'
const DETAILS =
  'proposalDetails(uint256) view returns (address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash)'
const BY_ID = 'cancel(uint256)'
const BY_CONTENT = 'cancel(address[],uint256[],bytes[],bytes32)'
const TRAP =
  'a Governor lets the proposer cancel only before the vote begins, unless it has a guardian; who may cancel is tried'

const base = {
  protocol: 'Governor',
  kind: 'cancel',
  breadth: 'account',
  needs: ['proposalId'],
  claims: {},
  trap: TRAP,
} as const

export const governorTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'governor/cancel-proposal',
    signature: BY_ID,
    recognisedBy: [BY_ID, 'state(uint256)'],
    tried: {
      on: 'package',
      what: '@openzeppelin/contracts 5.7.0, GovernorStorage and GovernorProposalGuardian',
    },
    find: async (subject) => cancelOf(subject, async ({ id }) => [id]),
  },
  {
    ...base,
    id: 'governor/cancel-proposal-by-content',
    signature: BY_CONTENT,
    takes: ['byContent'],
    recognisedBy: [BY_CONTENT, 'state(uint256)', 'proposalDetails(uint256)'],
    tried: {
      on: 'package',
      what: '@openzeppelin/contracts 5.7.0, GovernorStorage and GovernorProposalGuardian',
    },
    find: async (subject) =>
      subject.selectors.has(toFunctionSelector(BY_ID)) && subject.given['byContent'] === undefined
        ? []
        : cancelOf(subject, ({ id }) => subject.ask(subject.target, DETAILS, [id])),
  },
]

async function cancelOf(
  { ask, target, given }: Subject,
  argsOf: (proposal: { id: bigint }) => Promise<readonly unknown[] | null>,
): Promise<Found[]> {
  const id = givenNumber(given, 'proposalId')
  if (id === undefined) return []
  const [answer] = (await ask(target, STATE, [id])) ?? []
  const args = await argsOf({ id })
  if (typeof answer !== 'number' || args === null) return []
  if (OVER.includes(BigInt(answer)) && BigInt(answer) !== CANCELED) return []
  return [
    {
      target,
      args,
      scope: `proposal ${id}`,
      state: [readOf(target, STATE, { args: [id], pulled: wordOf(CANCELED) })],
      evidence: [`proposal ${id} is in state ${answer}`],
    },
  ]
}
