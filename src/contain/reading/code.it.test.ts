import { encodeAbiParameters, keccak256, toFunctionSelector, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World } from '../../../test/harness/lever-world.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { resolveCode, selectorsIn } from './code.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const PAUSE = toFunctionSelector('pause()').slice(2)
const OTHER: Address = `0x${'07'.repeat(20)}`
const PROXY: Address = `0x${'0a'.repeat(20)}`
/** Nothing is stored in it before. */
const LIAR: Address = `0x${'0e'.repeat(20)}`
const BEACON: Address = `0x${'0b'.repeat(20)}`
const hex = (address: string) => address.slice(2)
const hash = (text: string) => keccak256(toHex(text))

/** Code that has pause() in its dispatcher and answers nothing. */
const LOGIC = `0x60003560e01c63${PAUSE}1460105760006000fd5b00`

async function put(address: Address, code: string): Promise<void> {
  await world.rpc.request('anvil_setCode', [address, code as Hex])
}

async function store(address: Address, slot: Hex, value: Address): Promise<void> {
  const word = `0x${hex(value).padStart(64, '0')}`
  await world.rpc.request('anvil_setStorageAt', [address, slot, word])
}

/** Forwards each call to what the given code leaves on the stack: `73<address>`, `<slot>54`, … */
function forward(push: string): string {
  return `36600060003760006000366000${push}5af43d600060003e3d6000f3`
}

/** Answers a view with an address, and forwards the rest to what is in a slot. */
function answering(view: string, shown: Address, slot: string): string {
  const selector = toFunctionSelector(view).slice(2)
  const answer = `73${hex(shown)}60005260206000f3`
  const at = (16 + answer.length / 2).toString(16).padStart(2, '0')
  return `0x60003560e01c63${selector}141560${at}57${answer}5b${forward(`${slot}54`)}`
}

async function implementationOf(address: Address = PROXY): Promise<Address> {
  return (await resolveCode(world.rpc, address, 'latest')).implementation
}

const slots: Readonly<Record<string, Hex>> = {
  'EIP-1967': '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc',
  zeppelinos: hash('org.zeppelinos.proxy.implementation'),
  'EIP-1822': hash('PROXIABLE'),
  'Polygon’s': hash('matic.network.proxy.implementation'),
  'the first one, as Safe’s': `0x${'0'.repeat(64)}`,
  'one of its own': hash('a slot that nobody knows'),
}
test.each(Object.keys(slots))('a proxy with its implementation in slot %s is seen through', async (kind) => {
  const slot = slots[kind] ?? '0x'
  await put(OTHER, LOGIC)
  await put(PROXY, `0x${forward(`7f${hex(slot)}54`)}`)
  await store(PROXY, slot, OTHER)
  const code = await resolveCode(world.rpc, PROXY, 'latest')
  expect(code.implementation).toBe(OTHER)
  expect(code.selectors.has(`0x${PAUSE}`)).toBe(true)
  expect(code.path).toHaveLength(1)
})

const clones: Readonly<Record<string, string>> = {
  'EIP-1167': `363d3d373d3d3d363d73${hex(OTHER)}5af43d82803e903d91602b57fd5bf3`,
  'EIP-1167 for an address with leading zeros': `363d3d373d3d3d363d70${'07'.repeat(17)}5af43d82803e903d91602857fd5bf3`,
  vyper: `366000600037611000600036600073${hex(OTHER)}5af4602c57600080fd5b6110006000f3`,
  '0age’s': `3d3d3d3d363d3d37363d73${hex(OTHER)}5af43d3d93803e602a57fd5bf3`,
  'with PUSH0': `5f5f365f5f37365f73${hex(OTHER)}5af43d5f5f3e5f3d91602a57fd5bf3`,
  'with immutable arguments': `3d3d3d3d363d3d3761003f603736393661003f013d73${hex(OTHER)}5af43d3d93803e603557fd5bf3${'ab'.repeat(61)}003f`,
}
test.each(Object.keys(clones))('a minimal clone, %s, is seen through', async (kind) => {
  const implementation: Address = kind.includes('zeros') ? `0x000000${'07'.repeat(17)}` : OTHER
  await put(implementation, LOGIC)
  await put(PROXY, `0x${clones[kind]}`)
  expect(await implementationOf()).toBe(implementation)
})

test('beacons are seen through, whether they answer implementation() or, like Nomad’s, an empty call', async () => {
  await put(OTHER, LOGIC)
  await put(BEACON, `0x73${hex(OTHER)}60005260206000f3`)
  const slot = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50'
  await put(PROXY, `0x${forward(`7f${hex(slot)}54`)}`)
  await store(PROXY, slot, BEACON)
  expect(await implementationOf()).toBe(OTHER)
  // the beacon is in the code, and asked with an empty call
  const asking = `60206120006000600073${hex(BEACON)}5afa50`
  await put(PROXY, `0x${asking}${forward('61200051')}`)
  expect(await implementationOf()).toBe(OTHER)
})

test.each([
  'comptrollerImplementation()',
  'implementation()',
  'getImplementation()',
  'masterCopy()',
  'target()',
])(
  'a proxy that tells its implementation by %s is seen through where the node cannot trace',
  async (view) => {
    const slot = `7f${hex(hash('hidden'))}`
    await put(OTHER, LOGIC)
    await put(PROXY, answering(view, OTHER, slot))
    await store(PROXY, hash('hidden'), OTHER)
    const rpc = {
      ...world.rpc,
      request: (method: string, params: readonly unknown[]) =>
        method.startsWith('debug_')
          ? Promise.reject(new Error('no such method'))
          : world.rpc.request(method, params),
    }
    const { implementation } = await resolveCode(rpc, PROXY, 'latest')
    expect(implementation).toBe(OTHER)
  },
)

test('a proxy in front of a proxy is seen through in the storage of the first', async () => {
  const second: Address = `0x${'0c'.repeat(20)}`
  await put(OTHER, LOGIC)
  await put(second, `0x${forward(`7f${hex(hash('PROXIABLE'))}54`)}`)
  await put(PROXY, `0x${forward(`7f${hex(slots['EIP-1967'] ?? '')}54`)}`)
  await store(PROXY, slots['EIP-1967'] ?? '0x', second)
  await store(PROXY, hash('PROXIABLE'), OTHER)
  const code = await resolveCode(world.rpc, PROXY, 'latest')
  expect(code.implementation).toBe(OTHER)
  expect(code.path).toHaveLength(2)
})

test('a proxy that names an address without code is its own implementation, and so is one that names itself', async () => {
  const nobody: Address = `0x${'dd'.repeat(20)}`
  for (const named of [nobody, LIAR]) {
    await put(LIAR, `0x${forward(`7f${hex(slots['EIP-1967'] ?? '')}54`)}`)
    await store(LIAR, slots['EIP-1967'] ?? '0x', named)
    await store(LIAR, hash('PROXIABLE'), nobody)
    expect(await implementationOf(LIAR)).toBe(LIAR)
  }
})

test('two proxies that name each other end', async () => {
  const second: Address = `0x${'0c'.repeat(20)}`
  await put(LIAR, `0x${clones['EIP-1167']?.replace(hex(OTHER), hex(second))}`)
  await put(second, `0x${clones['EIP-1167']?.replace(hex(OTHER), hex(LIAR))}`)
  expect(await implementationOf(LIAR)).toBe(second)
})

test('a diamond has the functions of all its facets, and a facet without code has none', async () => {
  const facet: Address = `0x${'0f'.repeat(20)}`
  await put(facet, LOGIC)
  const answer = encodeAbiParameters(
    [{ type: 'tuple[]', components: [{ type: 'address' }, { type: 'bytes4[]' }] }],
    [
      [
        [facet, [`0x${PAUSE}`, '0x11223344']],
        [`0x${'dd'.repeat(20)}`, ['0x55667788']],
      ],
    ],
  )
  const size = (answer.length - 2) / 2
  const push = (value: number) => `61${value.toString(16).padStart(4, '0')}`
  const body = 1 + 3 + 3 + 2 + 1 + 3 + 2 + 1 + 1
  // codecopy(0, body, size); return(0, size); a DELEGATECALL that is never run
  await put(PROXY, `0x${push(size)}${push(body)}600039${push(size)}6000f3f4${'00'}${hex(answer)}`)
  const code = await resolveCode(world.rpc, PROXY, 'latest')
  expect(code.selectors.has(`0x${PAUSE}`)).toBe(true)
  expect(code.selectors.has('0x11223344')).toBe(true)
  expect(code.selectors.has('0x55667788')).toBe(false)
  expect(code.path.join()).toMatch(/diamond/)
})

test('what stands behind a proxy does not hide what the proxy has itself', async () => {
  await put(OTHER, `0x63aabbccdd00`)
  await put(PROXY, `${`0x63${PAUSE}50`}${forward(`7f${hex(hash('PROXIABLE'))}54`)}`)
  await store(PROXY, hash('PROXIABLE'), OTHER)
  const { selectors } = await resolveCode(world.rpc, PROXY, 'latest')
  expect([...selectors]).toEqual(expect.arrayContaining([`0x${PAUSE}`, '0xaabbccdd']))
})

test('selectors in a PUSH4 with a leading zero byte and in a vyper or huff table are found', () => {
  // solc writes 0x00abcdef as PUSH3
  expect(selectorsIn('0x62abcdef14')).toContain('0x00abcdef')
})
