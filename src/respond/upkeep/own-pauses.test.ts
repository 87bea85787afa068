import { expect, test } from 'vitest'
import {
  address,
  block,
  type CallNode,
  call,
  hashOf,
  log,
  pay,
  topicOf,
  word,
} from '../../../test/harness/build.ts'
import { aFinding, aPlan } from '../../../test/harness/builders.ts'
import { blockFacts } from '../../facts/facts.ts'
import { TOPICS } from '../../facts/signatures.ts'
import { toJson } from '../../kit/json.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Address } from '../../model/hex.ts'
import type { App } from '../context.ts'
import { partOwnPauses } from './own-pauses.ts'

const [vault, guardian, safe, stranger, signer] = ['vault', 'guardian', 'safe', 'stranger', 'signer'].map(
  address,
) as [Address, Address, Address, Address, Address]
const PAUSE = '0x8456cb59'

/** The levers on record are one: the Safe may pause the vault. */
function app(): App {
  const { lever } = aPlan()
  const authority = { kind: 'safe', address: safe, evidence: 'getOwners()', live: true, balance: 0n }
  const document = { ...lever, target: vault, implementation: vault, authority }
  return {
    config: {
      protect: [{ address: vault }],
      authorisations: [],
      roles: { guardian: [{ name: 'Ada', channels: [], address: guardian }] },
    },
    signers: new Map([[signer, {}]]),
    store: {
      url: '',
      logger: silentLogger,
      client: null,
      pool: {
        query: async () => ({ rows: [{ observedAt: 1, block: 1, lever: JSON.parse(toJson(document)) }] }),
      },
    },
    logger: silentLogger,
  } as unknown as App
}

async function judged(from: Address, root: CallNode): Promise<'own' | 'told'> {
  const facts = blockFacts(block({ transactions: [{ name: 'it', from, root }] }))
  const finding = aFinding({ transactionHash: hashOf('it'), protected: [vault] })
  const { findings, own } = await partOwnPauses([finding], facts, app())
  return own.length === 1 && findings.length === 0 ? 'own' : 'told'
}
const paused = (by: Address) =>
  call(vault, { input: PAUSE }, log(vault, [TOPICS['Paused(address)']], `0x${word(by)}`))

test('a pause by a role of the configuration, or by a signer, is no alarm', async () => {
  expect(await judged(guardian, paused(guardian))).toBe('own')
  expect(await judged(signer, paused(signer))).toBe('own')
})

test('nor one by a Safe that may pull the lever, whoever paid for the transaction', async () => {
  expect(await judged(stranger, call(safe, { input: '0x6a761202' }, paused(safe)))).toBe('own')
})

test('nor the pull of a lever on record that writes no log', async () => {
  expect(await judged(guardian, call(vault, { input: PAUSE }))).toBe('own')
})

test('a pause by a stranger is told, also through a protected contract that lets anybody', async () => {
  expect(await judged(stranger, paused(stranger))).toBe('told')
  expect(await judged(stranger, call(vault, { input: '0x12345678' }, paused(vault)))).toBe('told')
})

test('a role that does anything besides is judged like anybody: its key may be stolen', async () => {
  const usdc = address('usdc')
  const root = call(
    address('kit'),
    { input: '0x12345678' },
    paused(guardian),
    call(vault, { input: '0xaabbccdd' }, pay(usdc, { from: vault, to: guardian, amount: 5n })),
  )
  expect(await judged(guardian, root)).toBe('told')
  const granted = log(vault, [
    TOPICS['RoleGranted(bytes32,address,address)'],
    topicOf(1n),
    topicOf(stranger),
    topicOf(guardian),
  ])
  expect(
    await judged(
      guardian,
      call(vault, { input: PAUSE }, log(vault, [TOPICS['Paused(address)']], `0x${word(guardian)}`), granted),
    ),
  ).toBe('told')
})
