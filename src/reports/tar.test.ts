import { expect, test } from 'vitest'
import { HOSTILE } from '../../test/harness/hostile-texts.ts'
import { fileName, tar } from './tar.ts'

test.each([
  ...Object.values(HOSTILE),
  '../../etc/passwd',
  '/etc/passwd',
  '..',
  '.',
  '',
  'a/../b',
  'C:\\x',
  '-rf',
])('a name made of %j stays one plain name', (text) => {
  expect(fileName(text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/)
  expect(fileName(text)).not.toContain('..')
})

test.each(['../x', '/x', 'a/../x', 'a//x', '.x', 'x/', 'ä', 'x'.repeat(101), ''])(
  '%j is refused as a name in an archive',
  (path) => {
    expect(() => tar([{ path, bytes: new Uint8Array(1) }], 0)).toThrowError(/stays in its folder/)
  },
)

test('an archive is whole blocks with a sum in each head', () => {
  const bytes = tar([{ path: 'a/b.txt', bytes: Buffer.from('hello') }], 1_700_000_000_000)
  expect(bytes.length % 512).toBe(0)
  const head = Buffer.from(bytes.subarray(0, 512))
  const sum = Number.parseInt(head.toString('latin1', 148, 154), 8)
  head.fill(' ', 148, 156)
  expect(head.reduce((total, byte) => total + byte, 0)).toBe(sum)
})
