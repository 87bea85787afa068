import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import { callTo, deploy, ourFixture, send, sendAll, type World } from './lever-world.ts'

const MOST = 2n ** 256n - 1n
/** 18 decimals. */
export const coins = (amount: number): bigint => BigInt(amount) * 10n ** 18n

/** A token of the drill: each named account has 10,000 and has approved each spender without limit. */
export async function giveTokens(
  world: World,
  symbol: string,
  { people, spenders = [] }: { people: readonly Address[]; spenders?: readonly Address[] },
): Promise<Address> {
  const token = await deploy(world, ourFixture('TestToken'), { args: [symbol, symbol, 18] })
  await send(world, callTo(token, 'mint(address[],uint256)', { args: [people, coins(10_000)] }))
  for (const spender of spenders) await approveAll(world, token, { people, spender })
  return token
}

export async function approveAll(
  world: World,
  token: Address,
  { people, spender }: { people: readonly Address[]; spender: Address },
): Promise<void> {
  const approvals: SimulatedCall[] = people.map((from) =>
    callTo(token, 'approve(address,uint256)', { args: [spender, MOST], from }),
  )
  await sendAll(world, approvals)
}
