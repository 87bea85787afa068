import { expect, test } from 'vitest'
import { parseCsv } from '../../test/harness/parse-csv.ts'
import { ATTACK, investigationOf, reportRecord } from '../../test/harness/report-record.ts'
import { addressesCsv, csv, lossesCsv } from './csv.ts'
import { outgoing } from './outgoing.ts'

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
  expect(parseCsv(lossesCsv(partner()))[1]?.slice(3)).toEqual(['', '', '70', '1234567.89', 'TLP:RED'])
})

test('a symbol of the investigation is used where this version is told one', () => {
  const { victims, ...rest } = investigationOf('x')
  const asset = victims[0]?.loss[0]?.asset ?? ''
  const out = outgoing(reportRecord('Vault'), { audience: 'team' })
  const found = { ...rest, victims, assets: [{ asset, symbol: 'USDX', decimals: 6 }] }
  expect(parseCsv(lossesCsv({ ...out, found }))[1]?.[4]).toBe('USDX')
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
