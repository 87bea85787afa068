import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from './text.ts'

test('what cannot be seen becomes a dot: escapes, zero-width and right-to-left marks, tags, halves of a pair', () => {
  expect(printable('a\u001b[31m\u202e\u200b\u061c\u00ad\u{e0041}\ud800z\n')).toBe('a·[31m······z·')
})

test('a cut never leaves half a sign', () => {
  expect(printable('😀😀', 3)).toBe('😀…')
  expect(printable('😀😀😀', 4)).toBe('😀·…')
})

test('whatever comes in, what comes out is short and can be seen', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const said = printable(text, 50)
      expect(said.length).toBeLessThanOrEqual(50)
      expect(said).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }),
  )
})
