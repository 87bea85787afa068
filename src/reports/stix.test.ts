import { expect, test } from 'vitest'
import {
  ATTACK,
  GUARDIAN,
  investigationOf,
  OFFICER,
  PAUSER,
  PULLED,
  reportRecord,
  SIBLING,
  THIEF,
  TOKEN,
  VAULT,
} from '../../test/harness/report-record.ts'
import { type StixBundle, stixBundleSchema, stixFaults } from '../../test/harness/stix-schema.ts'
import { type Audience, audiences, tlps } from '../model/report.ts'
import { outgoing, outgoingInvestigation } from './outgoing.ts'
import { stixBundle } from './stix.ts'
import { TLP_MARKINGS } from './stix-base.ts'

const REPORTER = { name: 'Vault team', contact: 'security at vault' }

function parsed(text: string): StixBundle {
  return stixBundleSchema.parse(JSON.parse(text))
}

function bundleFor(audience: Audience, change: Parameters<typeof reportRecord>[1] = {}): StixBundle {
  return parsed(stixBundle(outgoing(reportRecord('Vault', change), { audience }), REPORTER))
}

function only<T extends StixBundle['objects'][number]['type']>(
  bundle: StixBundle,
  type: T,
): Extract<StixBundle['objects'][number], { type: T }>[] {
  return bundle.objects.filter((one): one is Extract<typeof one, { type: T }> => one.type === type)
}

test.each(audiences)(
  'a bundle for %s is STIX 2.1: every object has what it must, every reference leads somewhere',
  (audience) => {
    expect(stixFaults(bundleFor(audience))).toEqual([])
  },
)

test('an incident without an investigation has a bundle too, and so has an investigation without an incident', () => {
  expect(stixFaults(bundleFor('team', { investigation: null }))).toEqual([])
  const alone = outgoingInvestigation(investigationOf('Vault'), { audience: 'team', at: 1_700_000_000_000 })
  const bundle = parsed(stixBundle(alone))
  expect(stixFaults(bundle)).toEqual([])
  expect(only(bundle, 'incident')[0]?.name).toBe('Attack on eip155:1')
})

test('the same input gives the same bytes, and ids stay when more is known', () => {
  const text = (): string => stixBundle(outgoing(reportRecord('Vault'), { audience: 'team' }), REPORTER)
  expect(text()).toBe(text())
  const ids = (bundle: StixBundle): string[] =>
    bundle.objects.filter(({ type }) => type === 'incident' || type === 'indicator').map(({ id }) => id)
  const { incident } = reportRecord('Vault')
  const later = bundleFor('team', { incident: { ...incident, state: 'closed', title: 'now named' } })
  expect(ids(later)).toEqual(ids(bundleFor('team')))
})

test('the attacker and the attack can be found by their patterns; victims are named, not indicated', () => {
  const bundle = bundleFor('partner')
  expect(only(bundle, 'indicator').map(({ pattern }) => pattern.toLowerCase())).toEqual([
    `[blockchain-account:value = 'eip155:1:${THIEF}']`,
    `[blockchain-transaction:chain = 'eip155:1' and blockchain-transaction:hash = '${ATTACK}']`,
  ])
  expect(only(bundle, 'blockchain-account').map(({ value }) => value.toLowerCase())).toEqual([
    `eip155:1:${THIEF}`,
    `eip155:1:${VAULT}`,
  ])
  expect(only(bundle, 'sighting')).toHaveLength(2)
})

test('amounts are decimal strings of base units, with the asset as CAIP-10', () => {
  const bundle = bundleFor('team')
  expect(only(bundle, 'blockchain-transfer')).toMatchObject([
    {
      amount: '70',
      stolen_haircut: '70',
      stolen_fifo: '60',
      asset: expect.stringMatching(/^eip155:1:0x[Dd]{40}$/),
    },
  ])
  const [incident] = only(bundle, 'incident')
  expect(Object.values(incident?.extensions ?? {})).toContainEqual(
    expect.objectContaining({ losses: [expect.objectContaining({ amount: '70', usd: '1234567.89' })] }),
  )
  expect(JSON.stringify(bundle).toLowerCase()).toContain(TOKEN)
})

test('the weakness is named by its public list', () => {
  const found = investigationOf('Vault')
  const [first] = found.rootCause.hypotheses
  if (first === undefined) throw new Error('there is one')
  const weakness = { list: 'SWC', id: 'SWC-107', title: 'Reentrancy' } as const
  const investigation = { ...found, rootCause: { ...found.rootCause, hypotheses: [{ ...first, weakness }] } }
  expect(only(bundleFor('team', { investigation }), 'attack-pattern')[0]?.external_references).toEqual([
    { source_name: 'SWC', external_id: 'SWC-107', description: 'Reentrancy' },
  ])
})

test.each(tlps)('TLP:%s is the marking of OASIS, on every object', (tlp) => {
  const { incident } = reportRecord('Vault')
  const closed = reportRecord('Vault', { incident: { ...incident, state: 'closed' } })
  const bundle = parsed(stixBundle(outgoing(closed, { audience: 'public', tlp }), REPORTER))
  const marking = only(bundle, 'marking-definition').find(({ id }) => id === TLP_MARKINGS[tlp])
  expect(Object.values(marking?.extensions ?? {})).toEqual([
    { extension_type: 'property-extension', tlp_2_0: tlp.toLowerCase() },
  ])
  for (const one of bundle.objects) {
    if (one.type === 'marking-definition') continue
    const fixed = one.type === 'extension-definition' || ('name' in one && one.name === 'Cordon')
    expect(one.object_marking_refs).toEqual([TLP_MARKINGS[fixed ? 'CLEAR' : tlp]])
  }
})

test.each(['partner', 'public'] as const)(
  'what %s must not see is in no object, and that it is gone is said',
  (audience) => {
    const bundle = bundleFor(audience)
    const all = JSON.stringify(bundle).toLowerCase()
    for (const secret of [
      PAUSER,
      GUARDIAN,
      PULLED,
      SIBLING,
      OFFICER,
      'quorum was bought',
      'Pause the withdrawals',
    ])
      expect(all).not.toContain(secret.toLowerCase())
    expect(only(bundle, 'note')[0]?.content).toContain('Redacted: 1 hypotheses')
    expect(only(bundle, 'course-of-action')).toEqual([])
    expect(only(bundleFor('team'), 'course-of-action')).toHaveLength(2)
  },
)
