import { printable } from '../kit/text.ts'

/**
 * A text in which nothing creates a link or a mention: such parts are put in brackets, as is usual in reports of
 * attacks.
 */
export function defanged(text: string): string {
  return text.replace(/:(?=\/\/)|@|(?<=www)\./gi, (sign) => `[${sign}]`)
}

/** An external text as inert Markdown: no markup, no HTML, no link, no control characters. */
export function markdown(text: string, max = 400): string {
  return defanged(printable(text, max)).replace(
    /[\\`*_{}[\]#|<>~&$^]/g,
    (sign) => ENTITIES[sign] ?? `\\${sign}`,
  )
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' }

/** Escapes a start of line that would begin a list, a rule or a code block. */
export function lineStart(escaped: string): string {
  return escaped
    .trimStart()
    .replace(/^[-+=:]/, '\\$&')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2')
}

/** A value as inline code that nothing inside can end, and that cannot end a table cell either. */
export function code(text: string, max = 200): string {
  return `\`${withoutTicks(text, max).replace(/\|/g, '¦') || ' '}\``
}

/** A block of code that nothing inside can end. */
export function codeBlock(lines: readonly string[], max = 400): string {
  return ['```text', ...lines.map((line) => withoutTicks(line, max)), '```'].join('\n')
}

function withoutTicks(text: string, max: number): string {
  return defanged(printable(text, max)).replace(/`/g, 'ˋ')
}
