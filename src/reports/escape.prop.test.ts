import fc from 'fast-check'
import { expect, test } from 'vitest'
import { code, codeBlock, defanged, lineStart, markdown } from './escape.ts'
import { html } from './html.ts'

const seed = 20_260_101
/** Texts of strangers: mostly the characters that mean something in Markdown and HTML. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'\\`*_{}[]#|<>~&$^!-+=:.)(@"\'/ 1w\n\t\u001b\u202e'),
    fc.constantFrom('www.', 'https://', '```', '<script>', 'a'),
  ),
  maxLength: 40,
})
const holds = (claim: (text: string) => void): void => fc.assert(fc.property(hostile, claim), { seed })

test('no text makes a link, an address or a mention', () => {
  holds((text) => {
    for (const shown of [defanged(text), markdown(text), code(text), codeBlock([text])])
      expect(shown).not.toMatch(/:\/\/|(?<!\[)@|(?<=www)\./i)
  })
  expect(defanged('see https://evil.example, www.evil.example or a@b')).toBe(
    'see https[:]//evil.example, www[.]evil.example or a[@]b',
  )
})

test('every sign of Markdown and HTML is escaped, in one line without control characters', () => {
  holds((text) => {
    const escaped = markdown(text)
    const bare = escaped.replace(/\\[\\`*_{}[\]#|~$^]/g, '').replace(/&(lt|gt|amp);/g, '')
    expect(bare).not.toMatch(/[\\`*_{}[\]#|<>~&$^]/)
    expect(escaped).not.toMatch(/\p{C}/u)
  })
  expect(markdown('<b>*x*</b> & \\<')).toBe('&lt;b&gt;\\*x\\*&lt;/b&gt; &amp; \\\\&lt;')
})

test('a line begins no list, rule, title or code', () => {
  holds((text) => {
    expect(lineStart(markdown(text))).not.toMatch(/^(\s|[-+=:]|\d{1,9}[.)])/)
  })
  expect(['- x', '1. x', '1) x', '=== x', '  x', '1x'].map(lineStart)).toEqual([
    '\\- x',
    '1\\. x',
    '1\\) x',
    '\\=== x',
    'x',
    '1x',
  ])
})

test('inline code ends where it should, and ends no cell of a table', () => {
  holds((text) => {
    const shown = code(text)
    expect(shown.match(/`/g)).toHaveLength(2)
    expect(shown).toMatch(/^`[^|]+`$/)
  })
  expect([code(''), code('a|b`c')]).toEqual(['` `', '`a¦bˋc`'])
})

test('a block of code has the lines that it is given and no other', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 4 }), (lines) => {
      const shown = codeBlock(lines).split('\n')
      expect(shown).toHaveLength(lines.length + 2)
      expect(shown.filter((line) => line.includes('`'))).toEqual(['```text', '```'])
    }),
    { seed },
  )
})

test('HTML shows a text and never becomes part of the page', () => {
  holds((text) => {
    expect(html(text)).not.toMatch(/[<>"']|&(?!#\d+;)/)
  })
  expect(html('<a href="x">&')).toBe('&#60;a href=&#34;x&#34;&#62;&#38;')
})

test('a text longer than its place is cut off', () => {
  expect([markdown('a'.repeat(50), 10), code('a'.repeat(50), 10), html('a'.repeat(50), 10)]).toEqual([
    `${'a'.repeat(9)}…`,
    `\`${'a'.repeat(9)}…\``,
    `${'a'.repeat(9)}…`,
  ])
})
