// What people do after an incident was contained: answer what they are asked, agree to open again, and sign for it.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { accounts } from './chain.mjs'

const ANSWERS = [
  ['scope', 'Priya'],
  ['statement', 'Cleo'],
  ['trace-funds', 'Omar'],
  ['reopen', 'Ilse'],
  ['reopen', 'Ada'],
]

/** Opens a contained vault again: the people answer the running playbook, then guardian and lead sign the call. */
export async function reopen({ cordon, watch, say, address }) {
  const { lines } = await cordon.run('incidents', 'list')
  const incident = lines.findLast(
    ({ type, state, protected: contracts = [] }) =>
      type === 'incident' && state === 'contained' && contracts.some((one) => same(one, address)),
  )
  const waits = (step) => (line) =>
    line.type === 'timeline' &&
    line.incidentId === incident.id &&
    line.message.startsWith(`Step ${step} waits`)
  for (const [step, name] of ANSWERS) {
    const { facts } = await watch.until(waits(step))
    await cordon.run('playbooks', 'signal', facts.runId, step, 'done', '--by', name)
  }
  say('  Priya, Cleo and Omar have done their tasks; Ilse and Ada agree to open again')
  const plan = await planToOpen(cordon, address)
  const from = watch.mark()
  for (const who of ['guardian', 'lead']) {
    const { lines: shown } = await cordon.run('approvals', 'show', plan.id)
    const { terms, typedData } = shown.find(({ type }) => type === 'approval-terms')
    const { EIP712Domain: _, ...types } = typedData.types
    const signature = await accounts[who].signTypedData({ ...typedData, types })
    const file = join(await mkdtemp(join(tmpdir(), 'own-protocol-')), 'approval.json')
    await writeFile(file, JSON.stringify({ ...terms, signer: accounts[who].address, signature }))
    await cordon.run('approvals', 'submit', file)
  }
  say(`  Gus and Priya have signed ${plan.lever.signature}`)
  await watch.until(
    ({ type, incidentId, kind, facts }) =>
      type === 'timeline' && incidentId === incident.id && kind === 'state' && facts.to === 'stable',
    from,
  )
}

/** The call that opens the vault again, once Cordon has proposed it. */
async function planToOpen(cordon, address) {
  for (let tries = 0; tries < 60; tries++) {
    const { lines } = await cordon.run('approvals', 'list')
    const open = lines.find(
      ({ type, plan, isSent }) =>
        type === 'plan' && plan.purpose === 'reopen' && !isSent && same(plan.lever.target, address),
    )
    if (open !== undefined) return open.plan
    await setTimeout(500)
  }
  throw new Error('opening again was not proposed')
}

const same = (a, b) => a.toLowerCase() === b.toLowerCase()
