import { afterEach, expect, test } from 'vitest'
import { attackedWith, closeStages, said } from '../../../test/harness/stage.ts'
import { giveVerdict } from '../../incidents/verdict.ts'
import { listIncidents } from '../../store/incidents.ts'

afterEach(closeStages)

const escalate = (after: string): string => `
  - id: call
    action: escalate
    args:
      title: Somebody must look
      levels: [{ roles: [operations], after: ${after} }, { roles: [incident-leader], after: ${after} }]
`

test('who is paged and silent is followed by the next level; the first who does something ends it', async () => {
  const it = await attackedWith(escalate('700ms'))
  await it.until(said('notification', /^Notified operations/))
  await it.until(said('notification', /^Notified incident-leader/))
  const { store, clock } = it.running.app
  const [incident] = await listIncidents(store)
  const incidentId = incident?.id ?? ''
  await giveVerdict({ store, clock }, { incidentId, verdict: 'attack', author: 'Ilse', reason: 'seen' })
  await it.until(said('step', /^Step call succeeded/))
})

test('nobody on any level is a failed step that says so', async () => {
  const it = await attackedWith(escalate('200ms'))
  await it.until(said('step', /^Step call failed: Nobody has done anything in 400ms, on 2 levels/))
})

test('an investigation puts the likeliest cause on the timeline, and the steps after it can read it', async () => {
  const it = await attackedWith(`
  - { id: why, action: investigate }
  - id: tell
    action: notify
    args: { roles: [operations], title: "Cause {{ steps.why.output.rootCause.category }}" }
`)
  await it.until(said('note', /^Investigated: reentrancy in EthReserve/))
  await it.until(said('step', /^Step tell succeeded/))
  expect(it.written.join('\n')).toContain('Cause reentrancy')
})
