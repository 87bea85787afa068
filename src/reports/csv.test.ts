import { expect, test } from 'vitest'
import { parseCsv } from '../../test/harness/parse-csv.ts'
import { ATTACK, investigationOf, reportRecord, THIEF } from '../../test/harness/report-record.ts'
import { addressesCsv, csv, lossesCsv } from './csv.ts'
import { type Outgoing, outgoing } from './outgoing.ts'

const partner = () => outgoing(reportRecord('Vault'), { audience: 'partner' })

test('every account has its chain, its address with checksum, its role, and where it was first seen', () => {
  expect(parseCsv(addressesCsv(partner()))).toEqual([
    ['chain', 'address', 'role', 'confidence', 'reasons', 'labels', 'tlp', 'first_transaction'],
    [
      'eip155:1',
      '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB',
      'attacker',
      '0.80',
      'Vault; named by a detector',
      '',
      'TLP:RED',
      ATTACK,
    ],
    [
      'eip155:1',
      '0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa',
      'victim',
      '',
      'named by a detector',
      'Vault; Vault (Vault)',
      'TLP:RED',
      ATTACK,
    ],
  ])
})

test('losses are base units, with dollars where they are known', () => {
  expect(parseCsv(lossesCsv(partner()))[1]?.slice(5)).toEqual(['70', '1234567.89', 'TLP:RED'])
})

test.each([
  [true, 'USDX'],
  [false, '“USDX”'],
])(
  'a symbol of the investigation is used; where nobody vouches for it (%j) it stands in quotes',
  (vouched, told) => {
    const { victims, ...rest } = investigationOf('x')
    const asset = victims[0]?.loss[0]?.asset ?? ''
    const out = outgoing(reportRecord('Vault'), { audience: 'team' })
    const found = { ...rest, victims, assets: [{ asset, symbol: 'USDX', decimals: 6, vouched, source: 'x' }] }
    expect(parseCsv(lossesCsv({ ...out, found } as unknown as Outgoing))[1]?.[4]).toBe(told)
  },
)

test('who deployed and who paid the attacker are told, and are not the attacker', () => {
  const out = outgoing(reportRecord('Vault'), { audience: 'team' })
  const [actor] = out.found?.actors ?? []
  const [maker, payer] = [`0x${'f1'.repeat(20)}`, `0x${'f2'.repeat(20)}`]
  const origin = {
    deployer: maker,
    funders: [{ from: payer, hop: 1, label: { name: 'Mixer', source: 'ours' } }],
  }
  const found = { ...out.found, actors: [{ ...actor, ...origin }] }
  const rows = parseCsv(addressesCsv({ ...out, found } as unknown as Outgoing)).map(
    ([, address, role, , reasons, labels]) => [address?.toLowerCase(), role, reasons, labels],
  )
  expect(rows).toContainEqual([maker, 'deployer', `deployed ${THIEF}`, ''])
  expect(rows).toContainEqual([payer, 'funder', `paid ${THIEF} before the attack`, 'Mixer (ours)'])
})

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  ' =1',
  '"=1',
  "'=1",
  '|calc',
  '＝1+1',
  '\u200b=1',
  "=cmd|' /C calc'!A0",
])('%j is no formula, and stays one cell', (hostile) => {
  const rows = parseCsv(
    csv([
      ['head', 'tail'],
      [hostile, 'x,"y"\nz'],
    ]),
  )
  expect(rows).toHaveLength(2)
  expect(rows[1]).toHaveLength(2)
  expect(rows[1]?.[0]).toMatch(/^['·]/)
  expect(rows[1]?.[1]).toBe('x,"y"·z')
})
