import { bytesToHex } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, said, sawBlock, stageWith } from '../../../test/harness/stage.ts'
import { approvalTypedData } from '../../contain/approval/approval-data.ts'
import { keySigner, type Signer } from '../../contain/signers/signer.ts'
import { addressOf, type DrillRole, drillAccount } from '../../drills/accounts.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { giveApproval, planToDecide, termsFor } from '../approvals/desk.ts'

afterEach(closeStages)

const PLAYBOOK = `
id: close-and-open
title: Pause, then open again
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
  - { id: open, action: reopen, args: { wait: 1m, grace: 1s } }
  - { id: report, action: report, args: { formats: [markdown] } }
`

function signerOf(role: DrillRole): Signer {
  const { privateKey } = drillAccount(role).getHdKey()
  if (privateKey === null) throw new Error('a drill account has a key')
  return keySigner(bytesToHex(privateKey))
}

test('what was paused is opened again only with signed approvals, by who may, and verified', async () => {
  const it = await stageWith(
    PLAYBOOK,
    (config) => ({
      ...config,
      approvals: [{ classes: ['reopen'], require: [{ roles: ['guardian'], quorum: 1 }], ttl: '1h' }],
    }),
    // the guardian may pause, and only the owner may open again
    { signers: [signerOf('guardian'), signerOf('deployer')] },
  )
  await attack(it)
  await it.until(said('broadcast', /^Sent pause\(\)/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
  await it.until(said('plan', /^To be opened in 1 stages: all-else/))
  await it.until(said('plan', /^Nothing was sent because.*stage all-else/))

  const { store, clock, config } = it.running.app
  const [incident] = await listIncidents(store)
  const back = (await listPlans(store, incident?.id ?? '')).find(
    ({ purpose }) => purpose === 'reopen',
  ) as ContainmentPlan
  expect(back.lever.authority).toMatchObject({ address: addressOf('deployer'), live: true })
  const judging = { store, clock, config }
  const open = await planToDecide(judging, back.id)
  const terms = await termsFor(judging, open, { decision: 'approve' })
  const signature = await drillAccount('guardian').signTypedData(approvalTypedData(terms))
  await giveApproval(judging, { ...terms, signer: addressOf('guardian'), signature })

  // The flaw is still there, and people are notified before it is sent.
  await it.until(said('simulation', /the attack GOES THROUGH AGAIN/))
  await it.until(said('broadcast', /^Sent unpause\(\)/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained → stable/))
  const paused = await it.node.request('eth_call', [{ to: it.at.ethReserve, data: '0x5c975abb' }, 'latest'])
  expect(Number(paused)).toBe(0)
  for (let i = 0; i < 6; i++) await it.node.request('evm_mine', [])
  await it.until(sawBlock(await head(it.node)))
  expect(it.events.filter(said('state', /containment no longer holds/))).toEqual([])
})
