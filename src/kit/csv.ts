/**
 * Rows of CSV text as RFC 4180 has it: fields in double quotes may hold commas, line breaks and `""`. Lines end with
 * CRLF or LF, a byte order mark is skipped, space around unquoted fields is ignored, empty lines are left out. Throws
 * an Error that names the line (from 1) of a quote that is not closed, or of text after a closing quote.
 */
export function parseCsv(text: string): { line: number; fields: string[] }[] {
  const rows: { line: number; fields: string[] }[] = []
  const cell = /[^\S\r\n]*(?:"((?:[^"]|"")*)"[^\S\r\n]*|([^",\r\n]*))(,|\r?\n|$)/y
  cell.lastIndex = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  let row = { line, fields: [] as string[] }
  for (let end = ','; cell.lastIndex < text.length || end === ','; ) {
    const found = cell.exec(text)
    if (found === null) throw new Error(`line ${line}: a quote that is not closed, or text beside quotes`)
    const [whole, quoted, plain = '', ending = ''] = found
    row.fields.push(quoted?.replaceAll('""', '"') ?? plain.trim())
    line += whole.split('\n').length - 1
    end = ending
    if (end === ',') continue
    if (row.fields.length > 1 || row.fields[0] !== '') rows.push(row)
    row = { line, fields: [] }
  }
  return rows
}

/**
 * The rows by the names in the first one. Fields that are empty are left out; one too many is an error. Throws the
 * errors of {@link parseCsv}.
 */
export function csvRecords(text: string): Record<string, string>[] {
  const [head, ...rows] = parseCsv(text)
  const names = head?.fields ?? []
  return rows.map(({ line, fields }) => {
    if (fields.length > names.length)
      throw new Error(`line ${line}: ${fields.length} fields where the header names ${names.length}`)
    return Object.fromEntries(
      names.flatMap((name, i) => {
        const value = fields[i] ?? ''
        return value === '' ? [] : [[name, value] as const]
      }),
    )
  })
}
