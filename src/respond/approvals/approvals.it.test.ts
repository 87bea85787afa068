import { afterEach, expect, test } from 'vitest'
import type { Stage } from '../../../test/harness/stage.ts'
import { attack, closeStages, said, stageWith } from '../../../test/harness/stage.ts'
import type { StartOptions } from '../../app/start.ts'
import { approvalTypedData } from '../../contain/approval/approval-data.ts'
import type { Judging } from '../../contain/approval/verdict.ts'
import { addressOf, type DrillRole, drillAccount } from '../../drills/accounts.ts'
import type { ApprovalTerms } from '../../model/approval.ts'
import type { Address } from '../../model/hex.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { type Given, giveApproval, planToDecide, termsFor } from './desk.ts'

afterEach(closeStages)

const PLAYBOOK = `
id: by-approval
title: Pause what people approve
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
  - { id: approved, action: pull-approved, args: { wait: WAIT } }
  - { id: report, action: report, args: { formats: [markdown] } }
`

/** An attack on a Cordon without a standing authorisation, up to where people are asked. */
async function proposed(
  wait = '1m',
  options: Partial<StartOptions> = {},
): Promise<{ it: Stage; judging: Judging; planId: string }> {
  const playbook = PLAYBOOK.replace('WAIT', wait)
  const it = await stageWith(playbook, (config) => ({ ...config, authorisations: [] }), options)
  await attack(it)
  await it.until(said('plan', /^Nothing was sent because/))
  const { store, clock, config } = it.running.app
  const [incident] = await listIncidents(store)
  const [plan] = await listPlans(store, incident?.id ?? '')
  return { it, judging: { store, clock, config }, planId: plan?.id ?? '' }
}

type Change = Partial<ApprovalTerms> & { signer?: Address }

async function give(
  { judging, planId }: { judging: Judging; planId: string },
  who: DrillRole,
  { signer = addressOf(who), ...change }: Change = {},
): Promise<Given> {
  const open = await planToDecide(judging, planId)
  const terms = { ...(await termsFor(judging, open, { decision: 'approve' })), ...change }
  const signature = await drillAccount(who).signTypedData(approvalTypedData(terms))
  return giveApproval(judging, { ...terms, planId, signer, signature })
}

test('what a guardian signs is simulated again, sent once, and verified', async () => {
  const at = await proposed()
  expect((await give(at, 'guardian')).verdict.state).toBe('approved')
  await at.it.until(said('approval', /is approved by/))
  await at.it.until(said('broadcast', /^Sent pause\(\)/))
  await at.it.node.request('evm_mine', [])
  await at.it.until(said('state', /→ contained/))
  const sent = at.it.events.filter(said('broadcast', /^Sent/))
  expect(sent).toHaveLength(1)
})

test('nothing is sent on what strangers sign, on altered calldata, on another chain, or on an old word', async () => {
  const at = await proposed('2s')
  const reasons = [
    (await give(at, 'holder')).notCounted,
    (await give(at, 'holder', { signer: addressOf('guardian') })).notCounted,
    (await give(at, 'guardian', { calldata: '0x3f4ba83a' })).notCounted,
    (await give(at, 'guardian', { chainId: 1 })).notCounted,
    (await give(at, 'guardian', { nonce: 7 })).notCounted,
    (await give(at, 'guardian', { validUntil: 1_700_000_000 })).notCounted,
  ]
  expect(reasons).toEqual([
    expect.stringMatching(/in no role/),
    expect.stringMatching(/signature is not/),
    expect.stringMatching(/calldata is not/),
    expect.stringMatching(/for chain 1/),
    expect.stringMatching(/cannot be used again/),
    expect.stringMatching(/expired at/),
  ])
  await at.it.until(said('step', /^Step report succeeded$/))
  expect(at.it.events.filter(said('broadcast', /./))).toEqual([])
})

test('one refusal ends the wait, and nothing is sent', async () => {
  const at = await proposed()
  await give(at, 'guardian', { decision: 'refuse' })
  await at.it.until(said('approval', /is refused by/))
  await at.it.until(said('step', /^Step report succeeded$/))
  expect(at.it.events.filter(said('broadcast', /./))).toEqual([])
})

test('approved, and no signer may send it: the step fails, and people are paged with the exact call', async () => {
  const at = await proposed('1m', { signers: [] })
  expect((await give(at, 'guardian')).verdict.state).toBe('approved')
  const call = new RegExp(
    `By hand: pause\\(\\) on ${at.it.at.ethReserve}, chain ${at.it.at.chainId}, as ${addressOf('guardian')}, with calldata 0x8456cb59`,
  )
  const told = await at.it.until(said('error', /^Approved, and Cordon cannot send it .*no signer at hand/))
  expect(told).toMatchObject({ message: expect.stringMatching(call) })
  await at.it.until(said('notification', /^Notified guardian, incident-leader, operations: [1-9]/))
  expect(at.it.written.join('\n')).toMatch(call)
  await at.it.until(said('step', /^Step approved failed: What people approved was not sent/))
})

test('approved, and the guardian cannot pay: people are paged with the call; once it is funded it is sent', async () => {
  const at = await proposed()
  await at.it.node.request('anvil_setBalance', [addressOf('guardian'), '0x0'])
  await give(at, 'guardian')
  await at.it.until(
    said('error', /^Approved, and Cordon cannot send it .*[Ii]nsufficient funds.*By hand: pause/),
  )
  await at.it.until(said('notification', /^Notified guardian, incident-leader, operations: [1-9]/))
  await at.it.until(said('step', /^Step approved failed/))
  await at.it.node.request('anvil_setBalance', [addressOf('guardian'), '0x8ac7230489e80000'])
  const isPaused = async (): Promise<boolean> => {
    await at.it.node.request('evm_mine', [])
    const call = { to: at.it.at.ethReserve, data: '0x5c975abb' }
    return BigInt(String(await at.it.node.request('eth_call', [call, 'latest']))) === 1n
  }
  await expect.poll(isPaused, { timeout: 20_000, interval: 300 }).toBe(true)
})
