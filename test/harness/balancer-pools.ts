import { encodeAbiParameters, parseAbiParameters } from 'viem'
import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import { type Address, type Hex, ZERO_ADDRESS } from '../../src/model/hex.ts'
import type { Trial } from './lever-matrix.ts'
import { callTo, deploy, packaged, person, read, send, sendAll, type World } from './lever-world.ts'

/** A swap of one pool, as the vault takes it. */
export const single = '(bytes32,uint8,address,address,uint256,bytes)'

type Roles = {
  authorizer: Address
  vault: Address
  tokens: readonly Address[]
  /** The account that may pause. */
  guardian: Address
  /** The account that has saved. */
  user: Address
}

/** Lets the guardian call a function of a contract that asks the authorizer. */
async function allow(
  world: World,
  { authorizer, guardian }: Roles,
  [at, signature, args]: readonly [Address, string, readonly unknown[]],
) {
  const selector = callTo(at, signature, { args }).data.slice(0, 10)
  const action = await read(world, at, callTo(at, 'getActionId(bytes4)', { args: [selector] }).data)
  await sendAll(world, [callTo(authorizer, 'grantRole(bytes32,address)', { args: [action, guardian] })])
}

/** A pool of Balancer’s own factory with the savings of its user, and one call of each kind that succeeds. */
async function weightedPool(world: World, { vault, tokens, guardian, user }: Roles, creation: SimulatedCall) {
  const { logs } = await send(world, creation)
  const made = (logs as { address: Address; topics: Hex[] }[]).filter(
    (log) => log.address.toLowerCase() === creation.to,
  )
  const pool: Address = `0x${made[0]?.topics[1]?.slice(26) ?? ''}`
  const poolId = await read(world, pool, callTo(pool, 'getPoolId()', {}).data)
  const amounts = [10n ** 19n, 10n ** 19n]
  const join = (kind: bigint) =>
    callTo(vault, 'joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))', {
      args: [
        poolId,
        user,
        user,
        [
          tokens,
          [10n ** 20n, 10n ** 20n],
          encodeAbiParameters(parseAbiParameters('uint256, uint256[], uint256'), [kind, amounts, 0n]),
          false,
        ],
      ],
      from: user,
    })
  await sendAll(world, [join(0n)])
  const proportional = encodeAbiParameters(parseAbiParameters('uint256, uint256'), [1n, 10n ** 15n])
  return {
    target: pool,
    caller: guardian,
    operations: {
      supply: join(1n),
      withdraw: callTo(vault, 'exitPool(bytes32,address,address,(address[],uint256[],bytes,bool))', {
        args: [poolId, user, user, [tokens, [0n, 0n], proportional, false]],
        from: user,
      }),
      trade: callTo(vault, `swap(${single},(address,bool,address,bool),uint256,uint256)`, {
        args: [
          [poolId, 0, tokens[0], tokens[1], 10n ** 15n, '0x'],
          [user, false, user, false],
          0n,
          2n ** 40n,
        ],
        from: user,
      }),
    },
  }
}

/** A weighted pool of today and one of the first, by their own factories on Balancer’s own vault: a trial for each pause. */
export async function balancerPools(world: World, roles: Roles): Promise<Record<string, Trial>> {
  const balancer = (name: string) => packaged('balancer-labs/v2-deployments', name)
  const { vault, tokens } = roles
  const fees = await deploy(world, balancer('ProtocolFeePercentagesProvider'), {
    args: [vault, 10n ** 18n, 10n ** 18n],
  })
  const factory = await deploy(world, balancer('WeightedPoolFactory'), { args: [vault, fees] })
  const older = await deploy(world, balancer('WeightedPool2TokensFactory'), { args: [vault] })
  const half = [5n * 10n ** 17n, 5n * 10n ** 17n]
  const none = [ZERO_ADDRESS, ZERO_ADDRESS]
  const base = ['Pool', 'POOL', tokens, half]
  const pool = await weightedPool(
    world,
    roles,
    callTo(factory, 'create(string,string,address[],uint256[],address[],uint256,address)', {
      args: [...base, none, 10n ** 15n, person(0)],
    }),
  )
  const old = await weightedPool(
    world,
    roles,
    callTo(older, 'create(string,string,address[],uint256[],uint256,bool,address)', {
      args: [...base, 10n ** 15n, false, person(0)],
    }),
  )
  for (const signature of ['pause()', 'unpause()', 'enableRecoveryMode()', 'disableRecoveryMode()'])
    await allow(world, roles, [pool.target, signature, []])
  await allow(world, roles, [old.target, 'setPaused(bool)', [true]])
  return {
    'balancer-v2/pool-pause': pool,
    'balancer-v2/pool-recovery': pool,
    'balancer-v2/old-pool-pause': old,
  }
}
