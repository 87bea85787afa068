import { encodeAbiParameters, toFunctionSelector } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { leversBesides } from '../levers/catalogue.ts'
import { selectorsIn } from '../reading/code.ts'
import { authorityDetail } from './authority-detail.ts'

let anvil: Anvil
let rpc: Rpc
beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  rpc = createRpc({ urls: [anvil.url] })
})
afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

const [alice, bob]: [Address, Address] = [`0x${'a1'.repeat(20)}`, `0x${'b0'.repeat(20)}`]
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`

/** Puts code at an address that answers each selector with fixed bytes and reverts for everything else. */
async function answering(address: Address, answers: Record<string, Hex>): Promise<Address> {
  await rpc.request('anvil_setCode', [address, dispatcher(answers)])
  return address
}

/** PUSH4 selector, compare, jump; at each place the answer is written to memory word by word and returned. */
function dispatcher(answers: Record<string, Hex>): Hex {
  const entries = Object.entries(answers).map(([signature, answer]) => ({
    selector: toFunctionSelector(signature).slice(2),
    words: answer.slice(2).match(/.{64}/g) ?? [],
  }))
  const head = 6
  const bodies = entries.map(
    ({ words }) =>
      `5b${words.map((it, i) => `7f${it}61${(32 * i).toString(16).padStart(4, '0')}52`).join('')}61${(32 * words.length).toString(16).padStart(4, '0')}6000f3`,
  )
  const tests = entries.length * 11
  let at = head + tests + 5
  const code = entries.map(({ selector }, i) => {
    const place = at.toString(16).padStart(4, '0')
    at += (bodies[i]?.length ?? 0) / 2
    return `8063${selector}1461${place}57`
  })
  return `0x60003560e01c${code.join('')}60006000fd${bodies.join('')}`
}

test('an account with a key, and one that is delegated by EIP-7702', async () => {
  expect(await authorityDetail(rpc, alice, 0)).toMatchObject({ kind: 'eoa' })
  await rpc.request('anvil_setCode', [bob, `0xef0100${'cc'.repeat(20)}`])
  expect(await authorityDetail(rpc, bob, 0)).toMatchObject({
    kind: 'eoa',
    text: expect.stringContaining('delegated'),
  })
})

test('a Safe by its owners, threshold and nonce', async () => {
  const safe = await answering(`0x${'5a'.repeat(20)}`, {
    'getOwners()': encodeAbiParameters([{ type: 'address[]' }], [[alice, bob]]),
    'getThreshold()': word(2n),
    'nonce()': word(17n),
  })
  expect(await authorityDetail(rpc, safe, 0)).toMatchObject({
    kind: 'safe',
    owners: [alice, bob],
    threshold: 2,
    nonce: 17,
  })
})

test('a timelock by its delay; one that answers rubbish like a Safe is a contract', async () => {
  const timelock = await answering(`0x${'71'.repeat(20)}`, { 'getMinDelay()': word(172_800n) })
  expect(await authorityDetail(rpc, timelock, 0)).toMatchObject({ kind: 'timelock', delaySeconds: 172_800 })
  const liar = await answering(`0x${'72'.repeat(20)}`, {
    'getOwners()': word(2n ** 255n),
    'getThreshold()': word(1n),
  })
  expect(await authorityDetail(rpc, liar, 0)).toMatchObject({ kind: 'contract' })
})

test('what a dispatcher offers besides is told with its trap, and what must be named', () => {
  const code = dispatcher({
    'acceptOwnership()': word(1n),
    'transferOwnership(address)': word(1n),
    'cancel(bytes32)': word(1n),
    'getTimestamp(bytes32)': word(1n),
    'isOperationPending(bytes32)': word(1n),
  })
  const told = leversBesides(selectorsIn(code)).map(({ protocol, effect }) => [protocol, effect])
  expect(told).toEqual([
    ['OpenZeppelin 5', 'cancel (openzeppelin/cancel-timelocked), found with --with operation=…'],
    ['OpenZeppelin Ownable2Step', 'none: no lever'],
  ])
})
