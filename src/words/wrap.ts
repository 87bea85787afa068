export type Wrapping = {
  width: number
  /** Columns before every line after the first. */
  hang: number
}

/** Wraps a line at `width` columns, between words; a longer word has its own line. */
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
