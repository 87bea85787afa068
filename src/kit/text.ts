/** Control and format characters (escapes, zero-width, right-to-left), line ends, halves of a surrogate pair. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2065]/gu

/**
 * Makes a text from a chain or a stranger harmless to print: control characters, terminal escapes,
 * zero-width and right-to-left marks become `·`, and it is cut at `max` characters.
 */
export function printable(text: string, max = 80): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text
  return cut.replace(UNSEEN, '·')
}

/** What HTML and Markdown would act on, and what would make a link: written as JSON writes an odd character. */
const MARKUP = /[<>&`|"\\]|\]\(|\]\[|!\[|:\/\//g

/**
 * A stranger's text that is inert wherever it lands: as `printable`, and without anything that HTML, Markdown or a
 * program that makes links of addresses would act on.
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
