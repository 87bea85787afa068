import { ZERO_ADDRESS } from '../../model/hex.ts'
import { givenAddress, numberIn, readOf, secondsIn } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Rollups: the levers of their guardians on the settlement chain. */
const PAUSED = 'paused(address) view returns (bool)'

export const rollupTemplates: readonly LeverTemplate[] = [
  {
    id: 'op-stack/pause',
    protocol: 'OP Stack',
    kind: 'pause',
    breadth: 'system',
    signature: 'pause(address)',
    recognisedBy: ['pause(address)', 'unpause(address)', 'pauseTimestamps(address)', 'guardian()'],
    takes: ['identifier'],
    claims: { withdraw: 'blocked', supply: 'open' },
    zeroMeaning:
      'an identifier of 0 is every chain of the superchain; one chain is its ETHLockbox or its portal',
    trap: 'ends by itself; deposits go on, so more comes in than can leave',
    maxDurationSeconds: 7_884_000,
    tried: { on: 'fixture', what: 'contracts/levers/Superchain.sol' },
    find: pauseSuperchain,
  },
  {
    id: 'op-stack/pause-untimed',
    protocol: 'OP Stack',
    kind: 'pause',
    breadth: 'system',
    signature: 'pause(string)',
    recognisedBy: ['pause(string)', 'unpause()', 'guardian()', 'PAUSED_SLOT()'],
    claims: { withdraw: 'blocked', supply: 'open' },
    trap: 'every chain that looks at it; deposits go on; it does not end by itself',
    tried: {
      on: 'package',
      what: '@eth-optimism/contracts-bedrock 0.17.3, SuperchainConfig; operations by the portal’s check in contracts/levers/Superchain.sol',
    },
    find: async ({ target }) => [
      {
        target,
        args: ['cordon'],
        scope: 'every chain of the superchain',
        state: [readOf(target, 'paused() view returns (bool)')],
        undo: { signature: 'unpause()', args: [] },
      },
    ],
  },
  {
    id: 'arbitrum/inbox-pause',
    protocol: 'Arbitrum',
    kind: 'pause',
    breadth: 'contract',
    signature: 'pause()',
    recognisedBy: ['pause()', 'unpause()', 'sequencerInbox()', 'allowListEnabled()'],
    claims: { supply: 'blocked', withdraw: 'open' },
    trap: 'only deposits and messages to the rollup: withdrawals through the outbox go on',
    tried: { on: 'package', what: '@arbitrum/nitro-contracts 3.2.0, Inbox and Bridge' },
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'what goes into the rollup',
        state: [readOf(target, 'paused() view returns (bool)')],
        undo: { signature: 'unpause()', args: [] },
      },
    ],
  },
]

async function pauseSuperchain({ target, ask, given }: Subject): Promise<Found[]> {
  const named = givenAddress(given, 'identifier')
  const identifier = given['identifier'] === undefined ? ZERO_ADDRESS : named
  const since = numberIn(await ask(target, 'pauseTimestamps(address) view returns (uint256)', [identifier]))
  const [isPaused] = (await ask(target, PAUSED, [identifier])) ?? []
  if (identifier === undefined || since === undefined || typeof isPaused !== 'boolean') return []
  const seconds = secondsIn(await ask(target, 'pauseExpiry() view returns (uint256)'))
  const isUsedUp = since > 0n && !isPaused
  return [
    {
      target,
      args: [identifier],
      scope: identifier === ZERO_ADDRESS ? 'every chain of the superchain' : `the chain of ${identifier}`,
      state: [readOf(target, PAUSED, { args: [identifier] })],
      undo: { signature: 'unpause(address)', args: [identifier] },
      ...(seconds === undefined ? {} : { maxDurationSeconds: seconds }),
      ...(isUsedUp
        ? { trap: 'an earlier pause HAS EXPIRED: it must be reset with unpause before it can be used' }
        : {}),
    },
  ]
}
