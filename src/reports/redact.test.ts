import { expect, test } from 'vitest'
import { GUARDIAN, OFFICER, PAUSER, reportRecord, SIBLING, VAULT } from '../../test/harness/report-record.ts'
import { toJson } from '../kit/json.ts'
import { audiences } from '../model/report.ts'
import { HIDDEN, redact } from './redact.ts'
import { concealer } from './sweep.ts'

test('what each audience does not see', () => {
  const seen = Object.entries(HIDDEN).map(([matter, { from, until }]) => {
    const marks = audiences.map((audience) => (from.includes(audience) ? `not ${audience}` : audience))
    return `${matter}: ${marks.join(', ')}${until === undefined ? '' : ` until ${until}`}`
  })
  expect(seen).toMatchInlineSnapshot(`
    [
      "people: team, council, not partner, not public",
      "approvals: team, council, not partner, not public",
      "levers: team, council, not partner, not public",
      "messages: team, council, not partner, not public",
      "hypotheses: team, council, not partner, not public",
      "at-risk: team, council, not partner, not public until closed",
      "actions: team, council, not partner, not public until closed",
    ]
  `)
})

test('the data itself is redacted: the record of the public has no secret in any field', () => {
  const { names, ...rest } = redact(reportRecord('Vault'), 'public')
  const all = toJson({ ...rest, names: [...names] }).toLowerCase()
  for (const secret of [PAUSER, GUARDIAN, SIBLING, OFFICER, 'quorum was bought', 'no channel'])
    expect(all).not.toContain(secret.toLowerCase().replace('0x', ''))
})

test('nothing is dropped in silence: each thing that is gone says that it is, and why', () => {
  const { timeline, containments, investigation } = redact(reportRecord('Vault'), 'public')
  expect(timeline).toHaveLength(5)
  expect(timeline[1]).toMatchObject({
    author: '[redacted: name of a person]',
    message: '[redacted: approval]',
  })
  expect(timeline[2]?.message).toBe(
    'Sent pause() as [redacted: how it is contained] by [redacted: how it is contained]',
  )
  expect(timeline[4]?.message).toBe('open → contained, says [redacted: name of a person]')
  expect(containments[0]?.plan.lever.target).toBe('[redacted: how it is contained]')
  expect(investigation?.rootCause.hypotheses.map(({ statement }) => statement)).toEqual([
    'Vault',
    '[redacted: hypothesis that is still open]',
  ])
})

test('what the attack touched stays, also where the lever stands on the same contract', () => {
  const record = reportRecord('name')
  const [containment] = record.containments
  if (containment === undefined) throw new Error('the record has one')
  const { plan } = containment
  const onVault = { ...containment, plan: { ...plan, lever: { ...plan.lever, target: VAULT } } }
  const said = redact({ ...record, containments: [onVault] }, 'public')
  expect(said.incident.victims).toEqual([VAULT])
  expect(said.containments[0]?.plan.lever.target).toBe('[redacted: how it is contained]')
})

test('for the team the record is as it is', () => {
  const record = reportRecord('Vault')
  expect(redact(record, 'team')).toEqual(record)
})

test('a secret is found with and without 0x, in any case, as a whole word, and at any length', () => {
  const long = `0x${'ab'.repeat(40_000)}`
  const clean = concealer(
    new Map([
      ['0xabcdef0123456789', 'A'],
      ['Ada (x|y)', 'B'],
      [long, 'C'],
    ]),
  )
  expect(clean('ABCDEF0123456789 0xAbCdEf0123456789ff')).toBe('A Aff')
  expect(clean('ada (x|y), Adam (x|y)')).toBe('B, Adam (x|y)')
  expect(clean([`raw ${long}.`, 7n, null])).toEqual(['raw C.', 7n, null])
})
