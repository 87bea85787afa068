import { expect, test } from 'vitest'
import { parseCsv } from '../../test/harness/parse-csv.ts'
import { reportRecord } from '../../test/harness/report-record.ts'
import { toJson } from '../kit/json.ts'
import type { Address } from '../model/hex.ts'
import { addressesCsv } from './csv.ts'
import { markdownDocument } from './markdown-document.ts'
import { outgoing } from './outgoing.ts'
import type { IncidentRecord } from './record.ts'
import { reportDocument } from './report.ts'
import { seal911 } from './seal-911.ts'
import { stixBundle } from './stix.ts'

const GUARD: Address = `0x${'7'.repeat(40)}`
const HAND: Address = `0x${'6'.repeat(40)}`
const audience = 'council' as const

/** A guardian whose key took part, next to the attacker. */
function record(): IncidentRecord {
  const made = reportRecord('Vault', { own: new Map([[GUARD, 'guardian']]), investigation: null })
  const { incident } = made
  return { ...made, incident: { ...incident, actors: [...incident.actors, GUARD, ...incident.protected] } }
}
const out = () => outgoing(record(), { audience })

test('an account of the defenders is no indicator and no attacker, and a stolen key is called so', () => {
  const indicators = JSON.parse(stixBundle(out())).objects.filter(
    ({ type }: { type: string }) => type === 'indicator',
  )
  const patterns = JSON.stringify(indicators)
  expect(patterns.toLowerCase()).not.toContain(GUARD.slice(2))
  for (const address of record().incident.protected)
    expect(patterns.toLowerCase()).not.toContain(address.slice(2))
  const message = seal911(out(), { reporter: undefined, help: undefined })
  const attackers = message.slice(message.indexOf('Attacker:'), message.indexOf('Our own accounts'))
  expect(attackers).not.toContain(GUARD)
  expect(message).toContain(`Our own accounts, keys stolen:\n- ${GUARD}`)
  const row = parseCsv(addressesCsv(out())).find((cells) => cells[1]?.toLowerCase() === GUARD)
  expect(row?.[2]).toBe('stolen key')
  expect(row?.[4]).toContain('treat its key as stolen')
})

test('the report keeps it apart from the actors', () => {
  const text = markdownDocument(reportDocument(record(), { kind: 'incident', audience: 'team' }))
  const actors = text.split('\n').find((line) => line.includes('| Actors'))
  expect(actors).not.toContain(GUARD)
  expect(text).toContain('Our own accounts that took part: treat their keys as stolen')
})

test('what was sent to contain is no transaction of the attack', () => {
  const made = record()
  const [containment] = made.containments
  const hash = containment?.broadcast?.transactionHash
  if (hash === undefined) throw new Error('the record has a broadcast')
  const { incident } = made
  const told = outgoing(
    { ...made, incident: { ...incident, transactions: [...incident.transactions, hash] } },
    { audience },
  )
  expect(stixBundle(told)).not.toContain(`hash = '${hash}'`)
  expect(stixBundle(told)).toContain(`hash = '${incident.transactions[0]}'`)
})

test('a pause by hand is no transaction of the attack, and its sender no attacker', () => {
  const made = record()
  const [containment] = made.containments
  if (containment === undefined) throw new Error('the record has a containment')
  const byHand = {
    ...{ by: GUARD, sender: HAND, who: 'Ada (guardian)', blockNumber: 21, blockHash: null },
    transactionHash: `0x${'ab'.repeat(32)}` as const,
  }
  const { incident } = made
  const given = {
    ...made,
    own: new Map(),
    incident: {
      ...incident,
      actors: [...incident.actors, HAND],
      transactions: [...incident.transactions, byHand.transactionHash],
    },
    containments: [{ ...containment, plan: { ...containment.plan, byHand }, broadcast: null }],
  }
  const told = outgoing(given, { audience })
  expect(stixBundle(told)).not.toContain(`hash = '${byHand.transactionHash}'`)
  const indicators = JSON.parse(stixBundle(told)).objects.filter(
    ({ type }: { type: string }) => type === 'indicator',
  )
  expect(JSON.stringify(indicators).toLowerCase()).not.toContain(HAND.slice(2))
  const message = seal911(told, { reporter: undefined, help: undefined })
  expect(message).not.toContain(byHand.transactionHash)
  expect(message).toMatch(/: called by hand, (not )?verified/)
  const text = markdownDocument(reportDocument(given, { kind: 'incident', audience: 'team' }))
  expect(text).toContain('by hand by Ada (guardian)')
  const open = outgoing(given, { audience: 'public' })
  expect(toJson(open.containments)).not.toMatch(new RegExp(`${GUARD.slice(2)}|${HAND.slice(2)}|abab|Ada`))
})

test('a partner does not read who may pull levers because the account was taken for an actor', () => {
  const made = record()
  const [containment] = made.containments
  const authority = containment?.plan.lever.authority?.address
  if (authority === undefined) throw new Error('the lever has an authority')
  const named = { ...made, incident: { ...made.incident, actors: [...made.incident.actors, authority] } }
  const partner = outgoing(named, { audience: 'partner' })
  expect(addressesCsv(partner).toLowerCase()).not.toContain(authority)
})
