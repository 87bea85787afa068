import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRecords, parseCsv } from './csv.ts'

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`
const fieldsOf = (text: string): string[][] => parseCsv(text).map(({ fields }) => fields)

test('whatever is written in quotes is read as it was', () => {
  const rows = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), {
    maxLength: 5,
  })
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (table, end, isEnded) => {
      const text =
        table.map((row) => row.map(quoted).join(',')).join(end) + (isEnded && table.length > 0 ? end : '')
      expect(fieldsOf(text)).toEqual(table)
    }),
  )
})

test.each<[string, string, string[][]]>([
  ['an empty first field', ',a,b', [['', 'a', 'b']]],
  ['empty fields in a row, and at the end', 'a,,,', [['a', '', '', '']]],
  ['empty fields only', ',,', [['', '', '']]],
  ['empty quotes', '"",a', [['', 'a']]],
  [
    'a line break and a comma in quotes',
    '"a\nb,c",d\r\ne,f',
    [
      ['a\nb,c', 'd'],
      ['e', 'f'],
    ],
  ],
  ['space around fields', ' a , "b" , c ', [['a', 'b', 'c']]],
  [
    'empty lines',
    '\na,b\n\n\r\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['a byte order mark', '\uFEFFa,b', [['a', 'b']]],
  ['nothing', '', []],
])('%s', (_name, text, rows) => {
  expect(fieldsOf(text)).toEqual(rows)
})

test('a quote that is not closed, text behind one and a field too many are told with their line', () => {
  expect(() => parseCsv('a,b\n"c,d')).toThrow('line 2')
  expect(() => parseCsv('a,b\n"c"d,e')).toThrow('line 2')
  expect(() => csvRecords('a,b\n"x\ny",1\n1,2,3')).toThrow('line 4: 3 fields')
})

test('records leave empty fields out', () => {
  expect(csvRecords('a,b,c\n,2,\n1,,3')).toEqual([{ b: '2' }, { a: '1', c: '3' }])
})
