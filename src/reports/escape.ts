import { printable } from '../kit/text.ts'

/** A text from outside as inert Markdown: no markup, no HTML, no control characters. */
export function markdown(text: string, max = 400): string {
  return printable(text, max)
    .replace(/[\\`*_{}[\]#|<>~&]/g, (sign) => `\\${sign}`)
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/\\&/g, '&amp;')
}

/** A value as inline code, which nothing inside can end. */
export function code(text: string, max = 200): string {
  return `\`${printable(text, max).replace(/`/g, 'ˋ')}\``
}
