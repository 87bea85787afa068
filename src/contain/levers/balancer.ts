import { givenAddress, numberIn, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Balancer: pauses only within a window after the deployment, and they end by themselves after a buffer. */
const V2_STATE = 'getPausedState() view returns (bool, uint256, uint256)'
const V3_VAULT = 'getVaultPausedState() view returns (bool, uint32, uint32)'
const V3_POOL = 'getPoolPausedState(address) view returns (bool, uint32, uint32, address)'
/** Its admin functions answer through two fallbacks: the vault's own dispatcher does not know them. */
const V3 = ['getVaultExtension()', 'unlock(bytes)', 'settle(address,uint256)'] as const
const PAUSED = { supply: 'blocked', trade: 'blocked' } as const
/** A pool names itself by its id in the vault; the vault’s own pause looks the same otherwise. */
const V2_POOL = ['getPoolId()', 'getPausedState()', 'getActionId(bytes4)'] as const
const v2Pool = {
  protocol: 'Balancer v2',
  breadth: 'market',
  tried: { on: 'package', what: '@balancer-labs/v2-deployments 3.2.0, weighted pools' },
} as const
const v3 = {
  protocol: 'Balancer v3',
  tried: { on: 'fixture', what: 'contracts/levers/BalancerV3.sol' },
} as const

export const balancerTemplates: readonly LeverTemplate[] = [
  {
    id: 'balancer-v2/vault-pause',
    protocol: 'Balancer v2',
    kind: 'pause',
    breadth: 'system',
    signature: 'setPaused(bool)',
    recognisedBy: ['setPaused(bool)', 'getPausedState()', 'getPool(bytes32)', 'getActionId(bytes4)'],
    claims: { ...PAUSED, withdraw: 'open' },
    trap: 'only within the pause window, three months after the deployment on Ethereum; exits stay open, also for who stole pool tokens',
    tried: { on: 'package', what: '@balancer-labs/v2-deployments 3.2.0, Vault' },
    find: async (subject) =>
      windowed(subject, V2_STATE, {
        args: [true],
        scope: 'the whole vault',
        undo: ['setPaused(bool)', [false]],
      }),
  },
  {
    ...v2Pool,
    id: 'balancer-v2/pool-pause',
    kind: 'pause',
    signature: 'pause()',
    recognisedBy: ['pause()', ...V2_POOL],
    claims: { ...PAUSED, withdraw: 'blocked' },
    trap: 'only within the pause window, three months after the factory’s deployment; exits stop too, until recovery mode is enabled',
    together: ['balancer-v2/pool-recovery'],
    find: async (subject) =>
      windowed(subject, V2_STATE, { args: [], scope: 'this pool', undo: ['unpause()', []] }),
  },
  {
    ...v2Pool,
    id: 'balancer-v2/pool-recovery',
    kind: 'isolate',
    signature: 'enableRecoveryMode()',
    recognisedBy: ['enableRecoveryMode()', 'disableRecoveryMode()', 'inRecoveryMode()', 'getPoolId()'],
    claims: { supply: 'open', trade: 'open', withdraw: 'open' },
    trap: 'stops nothing: it only opens proportional exits, which a paused pool has not got',
    find: async ({ target }) => [
      {
        target,
        args: [],
        scope: 'this pool',
        state: [readOf(target, 'inRecoveryMode() view returns (bool)')],
        undo: { signature: 'disableRecoveryMode()', args: [] },
      },
    ],
  },
  {
    ...v2Pool,
    id: 'balancer-v2/old-pool-pause',
    kind: 'pause',
    signature: 'setPaused(bool)',
    recognisedBy: ['setPaused(bool)', ...V2_POOL],
    claims: { ...PAUSED, withdraw: 'open' },
    trap: 'only within the pause window, three months after the factory’s deployment; proportional exits stay open, also for who stole pool tokens',
    find: async (subject) =>
      windowed(subject, V2_STATE, {
        args: [true],
        scope: 'this pool',
        undo: ['setPaused(bool)', [false]],
      }),
  },
  {
    ...v3,
    id: 'balancer-v3/pool-pause',
    kind: 'pause',
    breadth: 'market',
    signature: 'pausePool(address)',
    recognisedBy: V3,
    needs: ['pool'],
    claims: { ...PAUSED, withdraw: 'blocked' },
    trap: 'exits stop too, until recovery mode is enabled, which anybody may while it is paused',
    together: ['balancer-v3/recovery'],
    find: pausePool,
  },
  {
    ...v3,
    id: 'balancer-v3/recovery',
    kind: 'isolate',
    breadth: 'market',
    signature: 'enableRecoveryMode(address)',
    recognisedBy: V3,
    needs: ['pool'],
    claims: { supply: 'open', trade: 'open', withdraw: 'open' },
    trap: 'stops nothing: it only opens proportional exits, which a paused pool has not got',
    find: enableRecovery,
  },
  {
    ...v3,
    id: 'balancer-v3/vault-pause',
    kind: 'pause',
    breadth: 'system',
    signature: 'pauseVault()',
    recognisedBy: V3,
    claims: { ...PAUSED, withdraw: 'blocked' },
    trap: 'exits of every pool stop until recovery mode is enabled for it, which anybody may while it is paused',
    together: ['balancer-v3/recovery'],
    find: async (subject) =>
      windowed(subject, V3_VAULT, { args: [], scope: 'the whole vault', undo: ['unpauseVault()', []] }),
  },
]

type Pause = {
  args: readonly unknown[]
  scope: string
  undo: readonly [string, readonly unknown[]]
  of?: string
}

/** Paused, end of the window in which it can be paused, end of the buffer after which it is open for good. */
async function windowed({ target, ask, now }: Subject, view: string, pause: Pause): Promise<Found[]> {
  const { args, scope, undo, of } = pause
  const keys = of === undefined ? [] : [of]
  const answer = await ask(target, view, keys)
  const [window, buffer] = [numberIn(answer, 1), numberIn(answer, 2)]
  const time = await now()
  if (window === undefined || buffer === undefined || time === undefined) return []
  const isPaused = answer?.[0] === true
  // Past its window it can be pulled never again: no lever, unless it is pulled already.
  if (time >= window && !isPaused) return []
  const left = buffer - time
  return [
    {
      target,
      args,
      scope,
      state: [readOf(target, view, { args: keys })],
      undo: { signature: undo[0], args: undo[1] },
      ...(left > 0n && left < 3_155_760_000n ? { maxDurationSeconds: Number(left) } : {}),
      evidence: [`can be pulled until timestamp ${window}; open for good after ${buffer}`],
    },
  ]
}

async function pausePool(subject: Subject): Promise<Found[]> {
  const pool = givenAddress(subject.given, 'pool')
  if (pool === undefined) return []
  return windowed(subject, V3_POOL, {
    args: [pool],
    scope: `pool ${pool}`,
    undo: ['unpausePool(address)', [pool]],
    of: pool,
  })
}

async function enableRecovery({ target, ask, given }: Subject): Promise<Found[]> {
  const pool = givenAddress(given, 'pool')
  const view = 'isPoolInRecoveryMode(address) view returns (bool)'
  if (pool === undefined || (await ask(target, view, [pool])) === null) return []
  return [
    {
      target,
      args: [pool],
      scope: `pool ${pool}`,
      state: [readOf(target, view, { args: [pool] })],
      undo: { signature: 'disableRecoveryMode(address)', args: [pool] },
    },
  ]
}
