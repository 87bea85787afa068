import { toFunctionSelector } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leversBesides } from '../../src/contain/levers/catalogue.ts'
import { givenNames, leverTemplates } from '../../src/contain/levers/registry.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import { leverSchema } from '../../src/model/lever.ts'
import { latestBlock, openWorld, type World } from '../harness/lever-world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** Never run: the arguments of PUSH4, so that every template takes the contract for its own. */
const disguise = [
  ...new Set(leverTemplates.flatMap(({ recognisedBy, signature }) => [...recognisedBy, signature])),
]
  .map((signature) => `63${toFunctionSelector(signature).slice(2)}`)
  .join('')

/** Its answer to every call. */
const answers: Readonly<Record<string, string>> = {
  'a revert': '60006000fd',
  nothing: '00',
  'zeros without end': '61ffff6000f3',
  'ones without end': `7f${'ff'.repeat(32)}6000527f${'ff'.repeat(32)}60205260406000f3`,
  'the number 1': '60016000526104006000f3',
  'an offset into nowhere': `7f${'00'.repeat(28)}ffffffff60005260206000f3`,
  'what it was asked': '366000600037366000f3',
  'its own code': '386000600039386000f3',
  'its own address': '3060005260206000f3',
  'all the gas': '5b600056',
}

const sensible: Readonly<Record<string, string>> = {
  ...Object.fromEntries(givenNames.map((name) => [name, `0x${'ab'.repeat(20)}`])),
  ...givenAs(`0x${'cd'.repeat(32)}`, ['operation', 'role', 'ilk', 'roleKey', 'tokenId']),
  ...givenAs(`0x${'cd'.repeat(32)}`, ['currencyKey', 'marketKey']),
  ...givenAs('5', ['proposalId', 'nonce', 'item', 'boardId', 'eid', 'chainSelector']),
  ...givenAs('5', ['orderType', 'expiry', 'price']),
  callData: '0x12345678',
}
function givenAs(value: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, value]))
}

const rubbish = Object.fromEntries(givenNames.map((name) => [name, '0xzz \u0000 –1']))

test.each(Object.keys(answers))(
  'a contract that answers %s to everything does not stop discovery',
  async (name) => {
    const target: Address = `0x${'e1'.repeat(20)}`
    await world.rpc.request('anvil_setCode', [target, `0x${answers[name]}${disguise}` as Hex])
    const { rpc, chainId } = world
    const block = await latestBlock(world)
    for (const given of [{}, sensible, rubbish]) {
      const levers = await discoverLevers({ rpc, chainId, target, block, given })
      expect(levers.length).toBeLessThan(64 * leverTemplates.length)
      for (const lever of levers) expect(leverSchema.safeParse(lever).error).toBeUndefined()
    }
  },
)

test('what is told besides can be told of any dispatcher', () => {
  const selectors = new Set(
    leverTemplates.flatMap(({ recognisedBy }) =>
      recognisedBy.map((signature) => toFunctionSelector(signature)),
    ),
  )
  expect(leversBesides(selectors).length).toBeGreaterThan(10)
})
