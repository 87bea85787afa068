import { afterEach, expect, test } from 'vitest'
import { aPlan } from '../../../test/harness/builders.ts'
import { attackedWith, closeStages, said } from '../../../test/harness/stage.ts'
import { approvalTypedData } from '../../contain/approval/approval-data.ts'
import { addressOf, type DrillRole, drillAccount } from '../../drills/accounts.ts'
import { giveVerdict } from '../../incidents/verdict.ts'
import { listIncidents } from '../../store/incidents.ts'
import { insertPlan } from '../../store/plans.ts'
import { listTimeline } from '../../store/timeline.ts'
import { giveApproval, planToDecide, termsFor } from '../approvals/desk.ts'

afterEach(closeStages)

const escalate = (after: string): string => `
  - id: call
    action: escalate
    args:
      title: Somebody must look
      levels: [{ roles: [operations], after: ${after} }, { roles: [incident-leader], after: ${after} }]
`

test('who is called and silent is followed by the next level; only what one of them truly signed ends it', async () => {
  const it = await attackedWith(escalate('1500ms'))
  await it.until(said('notification', /^Notified operations/))
  const { app } = it.running
  const { store, clock } = app
  const [incident] = await listIncidents(store)
  const incidentId = incident?.id ?? ''
  const { lever, ...base } = aPlan({ id: 'plan-to-sign', incidentId })
  await insertPlan(store, { ...base, lever: { ...lever, chainId: it.at.chainId } })
  const terms = await termsFor(app, await planToDecide(app, base.id), { decision: 'approve' })
  const word = { ...terms, signer: addressOf('incidentLeader') }
  const junk = `0x${'11'.repeat(64)}1b` as const
  const signed = (who: DrillRole) => drillAccount(who).signTypedData(approvalTypedData(terms))
  // somebody with the API's token in the leader's name; a stranger under their own name; a note
  await giveApproval(app, { ...word, signature: junk })
  await giveApproval(app, { ...word, signer: addressOf('holder'), signature: await signed('holder') })
  await giveVerdict({ store, clock }, { incidentId, verdict: 'attack', author: 'Ilse', reason: 'seen' })
  await it.until(said('notification', /^Notified incident-leader/))
  const timeline = await listTimeline(store, incidentId)
  const inTheirName = timeline.find(({ message }) => message.includes('in the name of'))
  expect(inTheirName).toMatchObject({ kind: 'approval', author: 'cordon' })
  expect(timeline.some(({ author }) => author === addressOf('incidentLeader'))).toBe(false)
  await giveApproval(app, { ...word, signature: await signed('incidentLeader') })
  await it.until(said('step', /^Step call succeeded/))
})

test('nobody on any level is a failed step that says so', async () => {
  const it = await attackedWith(escalate('200ms'))
  await it.until(
    said('step', /^Step call failed: Nobody who was called has signed anything in 400ms, on 2 levels/),
  )
})

test('an investigation puts the likeliest cause on the timeline, and the steps after it can read it', async () => {
  const it = await attackedWith(`
  - { id: why, action: investigate }
  - id: tell
    action: notify
    args: { roles: [operations], title: "Cause {{ steps.why.output.rootCause.category }}" }
`)
  await it.until(said('investigation', /^Cause: reentrancy in .*EthReserve/))
  await it.until(said('step', /^Step tell succeeded/))
  expect(it.written.join('\n')).toContain('Cause reentrancy')
})
