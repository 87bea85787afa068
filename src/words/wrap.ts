export type Wrapping = {
  width: number
  /** Columns before every line after the first. */
  hang: number
}

/** A line as lines of at most `width` columns, broken between words; a word that is longer than that has a line of its own. */
export function wrapped(text: string, { width, hang }: Wrapping): string[] {
  const lines: string[] = []
  const indent = /^ */.exec(text)?.[0] ?? ''
  let line = ''
  for (const word of text.trimStart().split(/ (?=\S)/)) {
    const longer = line === '' ? `${indent}${word}` : `${line} ${word}`
    if (line.trim() !== '' && longer.length > width) {
      lines.push(line)
      line = `${' '.repeat(hang)}${word}`
    } else line = longer
  }
  return [...lines, line]
}
