import { expect, test } from 'vitest'
import { address, type CallNode, call, data, log, transaction, view } from '../../test/harness/build.ts'
import type { BlockBundle } from '../model/block.ts'
import { placeOf, sightingsOf } from './sightings.ts'

const [vault, router, sender] = [address('vault'), address('router'), address('sender')]
const scope = { kind: 'contracts' as const, addresses: new Set([vault]) }
const DEPOSIT = data('0xb6b55f25', 5n)
const happened = log(vault, [`0x${'12'.repeat(32)}`])

/** One transaction whose outermost call takes so much gas. */
function bundleOf(root: CallNode, gasUsed = 80_000): BlockBundle {
  const bundle = transaction({ from: sender, root })
  const transactions = bundle.transactions.map((tx) => ({
    ...tx,
    frames: tx.frames.map((frame) => (frame.index === 0 ? { ...frame, gasUsed } : frame)),
  }))
  return { ...bundle, transactions }
}

function workOf(root: CallNode, gasUsed?: number): number | null | undefined {
  const bundle = bundleOf(root, gasUsed)
  const [tx] = bundle.transactions
  return tx === undefined ? undefined : placeOf(tx, bundle, scope)?.work
}

test('what the transaction and its calldata cost by themselves is no work', () => {
  expect(workOf(call(vault, { input: DEPOSIT }, happened), 60_000)).toBe(60_000 - 21_000 - 31 * 4 - 5 * 16)
  const padded = `${DEPOSIT}${'ff'.repeat(640)}` as const
  expect(workOf(call(vault, { input: padded }, happened), 60_000 + 640 * 16)).toBe(
    workOf(call(vault, { input: DEPOSIT }, happened), 60_000),
  )
})

test('where the price of calldata outweighs what was done, nobody can tell how much that was', () => {
  const padded = `${DEPOSIT}${'ff'.repeat(4_000)}` as const
  const floor = 21_000 + 10 * (31 + 4 * (5 + 4_000))
  expect(workOf(call(vault, { input: padded }, happened), floor)).toBeNull()
})

test('a call that changes nothing is no work, whoever pays for it', () => {
  expect(workOf(call(vault, { input: DEPOSIT }))).toBeNull()
  expect(workOf(call(vault, { input: DEPOSIT }, view(router, '0x12345678', '0x')))).toBeNull()
  expect(workOf(call(router, {}, view(vault, DEPOSIT, '0x')))).toBeNull()
  expect(workOf(call(vault, { input: DEPOSIT, error: 'execution reverted' }, happened))).toBeUndefined()
})

test('coin that moves and logs are work; a look before the use is not taken for the use', () => {
  expect(workOf(call(vault, { input: DEPOSIT, value: 1n }))).toBeGreaterThan(0)
  const used = call(router, {}, view(vault, '0x70a08231', '0x'), call(vault, { input: DEPOSIT }, happened))
  const [sighting] = sightingsOf(bundleOf(used), scope, new Map())
  expect(sighting).toMatchObject({ path: [vault, '0xb6b55f25', 'calm'], work: 21_000, sender })
})
