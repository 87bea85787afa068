import { inflateSync } from 'node:zlib'

/**
 * The text of one of Cordon's PDFs, one line for each run of characters, as a reader who selects it gets it: through
 * the fonts' own tables.
 */
export function pdfText(bytes: Uint8Array): string {
  const objects = objectsOf(Buffer.from(bytes))
  const fonts = fontsOf(objects)
  const lines: string[] = []
  for (const { dictionary, stream } of objects.values()) {
    if (stream === undefined || /\/(Length1|Subtype|Type)\b/.test(dictionary)) continue
    let table: ReadonlyMap<number, string> = new Map()
    for (const [, font, shown] of stream.matchAll(/\/(\w+) [\d.]+ Tf|\[((?:<[0-9a-f]*>|[-\d. ]+)*)\] TJ/g)) {
      if (font !== undefined) table = fonts.get(font) ?? new Map()
      if (shown !== undefined) lines.push(decode(shown, table))
    }
  }
  return lines.join('\n')
}

type PdfObject = { dictionary: string; stream: string | undefined }

function objectsOf(bytes: Buffer): Map<number, PdfObject> {
  const text = bytes.toString('latin1')
  const found = new Map<number, PdfObject>()
  for (const match of text.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    const [, id = '', body = ''] = match
    const at = body.indexOf('\nstream\n')
    const dictionary = at < 0 ? body : body.slice(0, at)
    const raw =
      at < 0 ? undefined : Buffer.from(body.slice(at + 8, body.lastIndexOf('\nendstream')), 'latin1')
    found.set(Number(id), {
      dictionary,
      stream: raw && (dictionary.includes('/FlateDecode') ? inflateSync(raw) : raw).toString('latin1'),
    })
  }
  return found
}

/** name in a page's resources → glyph → text */
function fontsOf(objects: ReadonlyMap<number, PdfObject>): Map<string, ReadonlyMap<number, string>> {
  const fonts = new Map<string, ReadonlyMap<number, string>>()
  for (const { dictionary } of objects.values()) {
    for (const [, name = '', id = ''] of dictionary.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const unicode = /\/ToUnicode (\d+) 0 R/.exec(objects.get(Number(id))?.dictionary ?? '')?.[1]
      fonts.set(name, glyphs(objects.get(Number(unicode))?.stream ?? ''))
    }
  }
  return fonts
}

function glyphs(cmap: string): Map<number, string> {
  const found = new Map<number, string>()
  for (const [, from = '', list = ''] of cmap.matchAll(/<([0-9a-f]+)> <[0-9a-f]+> \[([^\]]*)\]/g)) {
    const first = Number.parseInt(from, 16)
    for (const [index, [, code = '']] of [...list.matchAll(/<([0-9a-f ]*)>/g)].entries())
      found.set(first + index, Buffer.from(code.replaceAll(' ', ''), 'hex').swap16().toString('utf16le'))
  }
  return found
}

function decode(shown: string, table: ReadonlyMap<number, string>): string {
  const hex = [...shown.matchAll(/<([0-9a-f]*)>/g)].map(([, run = '']) => run).join('')
  return (hex.match(/.{4}/g) ?? []).map((code) => table.get(Number.parseInt(code, 16)) ?? '?').join('')
}
