import { encodeAbiParameters, getContractAddress, keccak256, stringToHex, zeroHash } from 'viem'
import { type Address, ZERO_ADDRESS } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { giveTokens } from '../harness/lever-tokens.ts'
import {
  addressAt,
  callTo,
  deploy,
  ourFixture,
  packaged,
  person,
  read,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

const admin = person(0)
const guardian = person(1)
const user = person(2)
const controller = person(3)
const relay = person(4)
/** An address in 32 bytes. */
const padded = (address: Address) => `0x${address.slice(2).padStart(64, '0')}` as const

async function axelar(world: World): Promise<Record<string, Trial>> {
  const its = (name: string) => packaged('axelar-network/interchain-token-service', name)
  const token = await giveTokens(world, 'B', { people: [user] })
  const gateway = await deploy(world, ourFixture('LeverAnswer'), {
    args: [encodeAbiParameters([{ type: 'bool' }], [true])],
  })
  const [managers, handler] = [
    await deploy(world, its('TokenManagerDeployer')),
    await deploy(world, its('TokenHandler')),
  ]
  const nonce = Number(await world.rpc.request('eth_getTransactionCount', [admin, 'latest']))
  // The manager's code names the service's proxy, which comes two deployments after it.
  const proxy = getContractAddress({ from: admin, nonce: BigInt(nonce + 2) }).toLowerCase() as Address
  const manager = await deploy(world, its('TokenManager'), { args: [proxy] })
  const code = await deploy(world, its('InterchainTokenService'), {
    args: [
      managers,
      managers,
      gateway,
      gateway,
      controller,
      'here',
      'axelar'.padEnd(65, '1'),
      manager,
      handler,
    ],
  })
  const setup = encodeAbiParameters(
    [{ type: 'address' }, { type: 'string' }, { type: 'string[]' }],
    [guardian, 'here', ['there']],
  )
  const service = await deploy(world, its('InterchainProxy'), { args: [code, guardian, setup] })
  if (service !== proxy) throw new Error('the service is elsewhere')
  const salt = keccak256(stringToHex('token'))
  await sendAll(world, [
    callTo(service, 'registerCustomToken(bytes32,address,uint8,bytes)', {
      args: [salt, token, 2, guardian],
      from: controller,
    }),
    callTo(token, 'approve(address,uint256)', { args: [service, 10n ** 24n], from: user }),
  ])
  const naming = callTo(service, 'interchainTokenId(address,bytes32)', { args: [ZERO_ADDRESS, salt] })
  const tokenId = await read(world, service, naming.data)
  const transfer = callTo(service, 'interchainTransfer(bytes32,string,bytes,uint256,bytes,uint256)', {
    args: [tokenId, 'there', '0x1234', 1_000n, '0x', 0n],
    from: user,
  })
  const trial = { target: service, caller: guardian, operations: { transfer } }
  const view = 'tokenManagerAddress(bytes32) view returns (address)'
  return {
    'axelar/flow-limit': { ...trial, given: { tokenId } },
    'axelar/token-flow-limit': { ...trial, target: await addressAt(world, service, [view, tokenId]) },
    'axelar/pause': trial,
  }
}

async function ccip(world: World): Promise<Record<string, Trial>> {
  const chain = (name: string) => packaged('chainlink/contracts-ccip', name)
  const lane = 5_009_297_550_715_157_269n
  const token = await giveTokens(world, 'B', { people: [user] })
  const rmn = await deploy(world, chain('rmn_remote'), { args: [1n, ZERO_ADDRESS] })
  // Its router names the same ramp for every lane.
  const router = await deploy(world, ourFixture('LeverAnswer'), { args: [padded(relay)] })
  const pool = await deploy(world, chain('lock_release_token_pool'), {
    args: [token, 18, [], rmn, false, router],
  })
  const unlimited = '(bool,uint128,uint128)'
  await sendAll(world, [
    callTo(pool, `applyChainUpdates(uint64[],(uint64,bytes[],bytes,${unlimited},${unlimited})[])`, {
      args: [[], [[lane, ['0x1234'], '0x5678', [false, 0n, 0n], [true, 5_000n, 10n]]]],
    }),
    callTo(pool, 'setRateLimitAdmin(address)', { args: [guardian] }),
  ])
  const transfer = callTo(pool, 'lockOrBurn((bytes,uint64,address,uint256,address))', {
    args: [['0x1234', lane, user, 1_000n, token]],
    from: relay,
  })
  const given = { chainSelector: String(lane) }
  return {
    'ccip/rate-limit': { target: pool, given, caller: guardian, operations: { transfer } },
    'ccip/curse': { target: rmn, caller: admin, operations: { transfer } },
  }
}

async function layerzero(world: World): Promise<Record<string, Trial>> {
  const oft = await deploy(world, packaged('layerzerolabs/oapp-evm', 'RateLimitedOft'))
  await sendAll(world, [
    callTo(oft, 'setRateLimiter(address)', { args: [guardian] }),
    callTo(oft, 'setRateLimits((uint32,uint192,uint64)[])', { args: [[[30_101, 5_000n, 3_600n]]] }),
  ])
  const arrive = callTo(oft, 'receiveFrom(uint32,uint256)', { args: [30_101, 1_000n], from: relay })
  return {
    'layerzero/rate-limit': {
      target: oft,
      given: { eid: '30101' },
      caller: guardian,
      operations: {
        transfer: callTo(oft, 'send(uint32,uint256)', { args: [30_101, 1_000n], from: user }),
      },
      others: { 'what comes in': { call: arrive, expected: 'open' } },
    },
  }
}

async function circle(world: World): Promise<Record<string, Trial>> {
  const asset: Address = `0x${'c0'.repeat(20)}`
  const minter = await deploy(world, ourFixture('LeverTokenMinter'), { args: [controller, guardian, relay] })
  const limit = callTo(minter, 'setMaxBurnAmountPerMessage(address,uint256)', {
    args: [asset, 5_000n],
    from: controller,
  })
  await sendAll(world, [limit])
  const arrive = callTo(minter, 'mint(uint32,bytes32,address,uint256)', {
    args: [0, zeroHash, user, 1_000n],
    from: relay,
  })
  const trial = {
    target: minter,
    operations: {
      transfer: callTo(minter, 'burn(address,uint256)', { args: [asset, 1_000n], from: relay }),
    },
  }
  const others = (expected: 'blocked' | 'open') => ({ 'what comes in': { call: arrive, expected } })
  return {
    'cctp/burn-limit': { ...trial, given: { asset }, caller: controller, others: others('open') },
    'cctp/minter-pause': { ...trial, caller: guardian, others: others('blocked') },
  }
}

async function superchain(world: World): Promise<Record<string, Trial>> {
  const timed = await deploy(world, ourFixture('LeverSuperchain'), { args: [guardian] })
  const code = await deploy(world, packaged('eth-optimism/contracts-bedrock', 'SuperchainConfig'))
  const init = callTo(code, 'initialize(address,bool)', { args: [guardian, false] }).data
  const untimed = await proxyOf(world, code, init)
  const trialOf = async (config: Address): Promise<Trial> => {
    const portal = await deploy(world, ourFixture('LeverPortal'), { args: [config] })
    return {
      target: config,
      caller: guardian,
      operations: {
        withdraw: callTo(portal, 'proveWithdrawal()', { from: user }),
        supply: callTo(portal, 'depositTransaction()', { from: user }),
      },
    }
  }
  return {
    'op-stack/pause': await trialOf(timed),
    'op-stack/pause-untimed': await trialOf(untimed),
  }
}

async function arbitrum(world: World): Promise<Record<string, Trial>> {
  const nitro = (name: string) => packaged('arbitrum/nitro-contracts', name)
  const bridgeCode = await deploy(world, nitro('Bridge'))
  const rollup = guardian
  const bridge = await proxyOf(
    world,
    bridgeCode,
    callTo(bridgeCode, 'initialize(address)', { args: [rollup] }).data,
  )
  const inboxCode = await deploy(world, nitro('Inbox'), { args: [100_000n] })
  const init = callTo(inboxCode, 'initialize(address,address)', { args: [bridge, admin] }).data
  const inbox = await proxyOf(world, inboxCode, init)
  await sendAll(world, [
    callTo(bridge, 'setDelayedInbox(address,bool)', { args: [inbox, true], from: rollup }),
    callTo(bridge, 'setOutbox(address,bool)', { args: [relay, true], from: rollup }),
    callTo(inbox, 'depositEth()', { from: user, value: 1_000n }),
  ])
  return {
    'arbitrum/inbox-pause': {
      target: inbox,
      caller: rollup,
      operations: {
        supply: callTo(inbox, 'depositEth()', { from: user, value: 1n }),
        withdraw: callTo(bridge, 'executeCall(address,uint256,bytes)', {
          args: [user, 1n, '0x'],
          from: relay,
        }),
      },
    },
  }
}

function proxyOf(world: World, code: Address, init: string): Promise<Address> {
  return deploy(world, packaged('openzeppelin/contracts', 'ERC1967Proxy'), { args: [code, init] })
}

leverMatrix(
  'axelar',
  ['flow-limit', 'token-flow-limit', 'pause'].map((name) => `axelar/${name}`),
  axelar,
)
leverMatrix('ccip', ['ccip/rate-limit', 'ccip/curse'], ccip)
leverMatrix('layerzero', ['layerzero/rate-limit'], layerzero)
leverMatrix('cctp', ['cctp/burn-limit', 'cctp/minter-pause'], circle)
leverMatrix('op-stack', ['op-stack/pause', 'op-stack/pause-untimed'], superchain)
leverMatrix('arbitrum', ['arbitrum/inbox-pause'], arbitrum)
