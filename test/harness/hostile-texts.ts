import fc from 'fast-check'

/** Texts that strangers write into names, reasons and titles, by their target. */
export const HOSTILE: Readonly<Record<string, string>> = {
  html: '<img src=x onerror=alert(1)><script>alert(1)</script></td></tr></table><svg onload=alert(1)>&lt;b&gt;',
  attributes: '" onmouseover="alert(1)" \' x=\'',
  links:
    '[link](javascript:x) ![i](https://evil.example/p.png) <https://evil.example> https://evil.example www.evil.example a@evil.example @somebody',
  tables: 'a | b |\n|---|---|\n| c | d |',
  headings: '\n# Not a heading\n\n- [ ] item\n1. one\n> quote\n---\n```js\nalert(1)\n```\n',
  emphasis: '**bold** _it_ ~~no~~ `code` ``more`` $x^2$ ==mark== ***',
  terminal: '\u001b[31mred\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007\u009b2J\u0007\r\b',
  bidi: 'a\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c end',
  invisible: 'a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\u{e0041}\u180e',
  nul: 'a\u0000b\u0001\u007f',
  surrogates: 'lone \ud800 and \udc00 and 😀',
  scripts: 'עברית العربية 漢字 ไทย 𝕏 ﷽ z̷̢̛a̵l̴g̵o',
  long: `${'A'.repeat(100_000)}<b>`,
  'long hex': `0x${'ab'.repeat(50_000)}`,
}

/** Pieces with a special meaning in some format, and any characters between them. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(...Object.values(HOSTILE).filter((text) => text.length < 1_000)),
      fc.constantFrom(
        '|',
        '`',
        '<',
        '>',
        '&',
        '[',
        '](',
        '\\',
        '*',
        '_',
        '\n',
        '\u202e',
        '\u001b[',
        '#',
        '-',
        '$',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
