import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { tellDrift } from './drift-page.ts'

afterEach(closeStages)

test('that traffic has changed is paged with what still acts alone, a plain attack is contained all the same, and the end is paged', async () => {
  const it = await stage()
  await it.until(sawBlock(await head(it.node)))
  const { app } = it.running
  const chain = app.chains.get(it.at.chainId)
  if (chain === undefined) throw new Error('the chain is watched')
  const disarmed = { stage: 'disarm', reason: 'for a test' } as const
  chain.assessor.drift.stage = disarmed
  await tellDrift(app, chain, { change: { before: 'widen', now: disarmed }, blockNumber: 7 })
  const page = it.written.join('\n')
  expect(page).toContain('Statistics no longer act without people on drill')
  expect(page).toContain('has changed by block 7: for a test')
  expect(page).toMatch(/Cordon still acts without people.*EthReserve/)
  await attack(it)
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /open → contained/))
  await tellDrift(app, chain, { change: { before: 'disarm', now: { stage: 'stable' } }, blockNumber: 9 })
  expect(it.written.join('\n')).toContain('Statistics count as before on drill')
})

test('wider intervals wake nobody, and who has signed nothing is told that nothing acts alone', async () => {
  const it = await stage((config) => ({ ...config, authorisations: [] }))
  const { app } = it.running
  const chain = app.chains.get(it.at.chainId)
  if (chain === undefined) throw new Error('the chain is watched')
  const before = it.written.length
  const widen = { stage: 'widen', reason: 'for a test' } as const
  await tellDrift(app, chain, { change: { before: 'stable', now: widen }, blockNumber: 7 })
  await tellDrift(app, chain, { change: { before: 'widen', now: { stage: 'stable' } }, blockNumber: 8 })
  expect(it.written).toHaveLength(before)
  const disarm = { stage: 'disarm', reason: 'for a test' } as const
  await tellDrift(app, chain, { change: { before: 'widen', now: disarm }, blockNumber: 9 })
  expect(it.written.join('\n')).toContain('there is no standing authorisation')
})
