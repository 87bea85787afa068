import { printable } from '../kit/text.ts'

/**
 * A text in which nothing makes a link or calls a person by itself: what makes one is put in brackets, as people who
 * write of attacks do.
 */
export function defanged(text: string): string {
  return text.replace(/:(?=\/\/)|@|(?<=www)\./gi, (sign) => `[${sign}]`)
}

/** A text from outside as inert Markdown: no markup, no HTML, no link, no control characters. */
export function markdown(text: string, max = 400): string {
  return defanged(printable(text, max))
    .replace(/[\\`*_{}[\]#|<>~&$^]/g, (sign) => `\\${sign}`)
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/\\&/g, '&amp;')
}

/** What would begin a list, a rule or a code block where it stands first in a line. */
export function lineStart(escaped: string): string {
  return escaped
    .trimStart()
    .replace(/^[-+=:]/, '\\$&')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2')
}

/** A value as inline code, which nothing inside can end, and no cell of a table either. */
export function code(text: string, max = 200): string {
  return `\`${withoutTicks(text, max).replace(/\|/g, '¦') || ' '}\``
}

/** A block of code, which nothing inside can end. */
export function codeBlock(lines: readonly string[], max = 400): string {
  return ['```text', ...lines.map((line) => withoutTicks(line, max)), '```'].join('\n')
}

function withoutTicks(text: string, max: number): string {
  return defanged(printable(text, max)).replace(/`/g, 'ˋ')
}
