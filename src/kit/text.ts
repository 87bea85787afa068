/** Control and format characters (escapes, zero-width, right-to-left), line ends, unpaired surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2065]/gu

/**
 * Makes a text from a chain or a stranger safe to print: control characters, terminal escapes, zero-width and
 * right-to-left marks become `·`, and it is truncated at `max` characters.
 */
export function printable(text: string, max = 80): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text
  return cut.replace(UNSEEN, '·')
}

/** Characters with a meaning in HTML and Markdown, and those that form a link: escaped as in JSON. */
const MARKUP = /[<>&`|"\\]|\]\(|\]\[|!\[|:\/\//g

/**
 * A stranger's text that is inert in every output: like `printable`, and without anything that HTML, Markdown or an
 * automatic linker would interpret.
 */
export function inert(text: string, max = 80): string {
  return printable(
    printable(text, max).replace(MARKUP, (found) => {
      const code = found.charCodeAt(0).toString(16).padStart(4, '0')
      return `\\u${code}${found.slice(1)}`
    }),
    6 * max,
  )
}
