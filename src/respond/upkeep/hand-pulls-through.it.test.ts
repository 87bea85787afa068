import { concatHex, pad } from 'viem'
import { afterEach, expect, test } from 'vitest'
import {
  becomeAccessManager,
  becomeSafe,
  becomeTimelock,
  people,
} from '../../../test/harness/authority-world.ts'
import { attack, closeStages, type Stage, said, stageWith } from '../../../test/harness/stage.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { encodeCall } from '../../contain/reading/call.ts'
import { addressOf } from '../../drills/accounts.ts'
import type { Config } from '../../model/config.ts'
import { type Address, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'

afterEach(closeStages)

const PAUSE = '0x8456cb59'
const WORD: Hex = `0x${'0'.repeat(64)}`
const guardian = addressOf('guardian')
const stranger: Address = `0x${'57'.repeat(20)}`
const [proposer, owner] = people.map(({ address }) => address)
const proposed = said('plan', /^(Nothing was|Not) sent/)

const PLAYBOOK = `
id: by-approval
title: Pause what people approve
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
`

/** Only people may act, no signer is configured, and the guardian is `Gus`, with an address or without one. */
function asked(gus: Address | undefined): Promise<Stage> {
  const people: Config['roles'] = {
    guardian: [{ name: 'Gus', channels: [], ...(gus === undefined ? {} : { address: gus }) }],
  }
  const change = (config: Config): Config => ({ ...config, authorisations: [], roles: people })
  return stageWith(PLAYBOOK, change, { signers: [] })
}

/** Puts another contract in the guardian's place, each transaction in a block of its own. */
async function become(it: Stage, put: (rpc: Rpc) => Promise<void>): Promise<void> {
  const rpc = createRpc({ urls: [it.anvil.url] })
  await it.node.request('evm_setAutomine', [true])
  await put(rpc)
  await it.node.request('evm_setAutomine', [false])
  await rpc.close()
}

async function act({ node }: Stage, from: Address, call: { to: Address; data: Hex }): Promise<string> {
  await node.request('anvil_impersonateAccount', [from])
  await node.request('anvil_setBalance', [from, '0x56bc75e2d63100000'])
  const hash = await node.request('eth_sendTransaction', [{ from, ...call, gas: '0x7a120' }])
  await node.request('evm_mine', [])
  return String(hash)
}

function contained(who: string, hash: string): ReturnType<typeof said> {
  return said('state', new RegExp(`→ contained: .*${who} called pause\\(\\).* by hand in ${hash}`))
}

/** Signed by the sender, who is its only owner. */
function bySafe({ to, data }: { to: Address; data: Hex }): Hex {
  const signature = concatHex([pad(some(owner)), pad('0x00'), '0x01'])
  return encodeCall(
    'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
    [to, 0n, data, 0, 0n, 0n, 0n, ZERO_ADDRESS, ZERO_ADDRESS, signature],
  )
}

function some(address: Address | undefined): Address {
  if (address === undefined) throw new Error('no such person')
  return address
}

test('a pause that the team’s timelock makes is theirs, whoever executes it after the delay', async () => {
  const it = await asked(undefined)
  await become(it, (rpc) => becomeTimelock(rpc, guardian, { proposer: some(proposer), delay: 3 }))
  await attack(it)
  await it.until(proposed)
  const operation = [it.at.ethReserve, 0n, PAUSE, WORD, WORD] as const
  const schedule = 'schedule(address,uint256,bytes,bytes32,bytes32,uint256)'
  await act(it, some(proposer), { to: guardian, data: encodeCall(schedule, [...operation, 3n]) })
  await it.node.request('evm_increaseTime', ['0x4'])
  await it.node.request('evm_mine', [])
  const data = encodeCall('execute(address,uint256,bytes,bytes32,bytes32)', operation)
  const hash = await act(it, stranger, { to: guardian, data })
  await it.until(contained(`the timelock ${guardian}`, hash))
})

test('a pause through the AccessManager that may make it is the guardian’s who asked for it', async () => {
  const it = await asked(owner)
  await become(it, (rpc) => becomeAccessManager(rpc, guardian, some(owner)))
  await attack(it)
  await it.until(proposed)
  const data = encodeCall('execute(address,bytes)', [it.at.ethReserve, PAUSE])
  const hash = await act(it, some(owner), { to: guardian, data })
  await it.until(contained(`Gus \\(guardian\\) through the AccessManager ${guardian}`, hash))
})

test('a pause through the AccessManager by the guardian’s Safe is named by the Safe, whoever pays for it', async () => {
  const safe = addressOf('holder')
  const it = await asked(safe)
  await become(it, async (rpc) => {
    await becomeSafe(rpc, safe, { owners: [some(owner)], threshold: 1 })
    await becomeAccessManager(rpc, guardian, safe)
  })
  await attack(it)
  await it.until(proposed)
  const inner = encodeCall('execute(address,bytes)', [it.at.ethReserve, PAUSE])
  const hash = await act(it, some(owner), { to: safe, data: bySafe({ to: guardian, data: inner }) })
  await it.until(contained(`Gus \\(guardian\\) through the AccessManager ${guardian}`, hash))
  expect(it.events.filter(said('alert', /was paused by/))).toEqual([])
})
