// Renders what a terminal showed as an SVG, so that a picture in the docs is a real run.
//
//   script -qec "stty cols 100; npm start -- --once" drill.txt </dev/null
//   node scripts/render-terminal.mjs drill.txt docs/images/drill.svg --prompt 'npm start -- --once'
//
// Reads plain text or a recording of script(1): SGR colours, carriage returns and erased lines. `--from TEXT` starts at
// the first line that contains TEXT. A line longer than 100 columns is an error: nothing is cut or wrapped here.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const COLUMNS = 100
const CELL = { width: 8.4, height: 19 }
const PADDING = 18
const COLOURS = {
  plain: '#d6dde8',
  dim: '#8b98ab',
  31: '#ff7b72',
  32: '#56d364',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#56d4dd',
}
const BACKGROUND = '#10151d'
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

/** The screen's lines as `{ text, colour }` cells, after all carriage returns and erasures. */
function linesOf(recording) {
  const lines = [[]]
  let column = 0
  let colour = 'plain'
  for (const [token] of recording.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[\s\S]/gu)) {
    const line = lines.at(-1)
    if (token === '\n') {
      lines.push([])
      column = 0
    } else if (token === '\r') column = 0
    else if (token.startsWith('\u001b')) {
      if (token.endsWith('K')) line.length = column
      if (token.endsWith('m')) colour = colourAfter(token, colour)
    } else {
      line[column] = { text: token, colour }
      column += 1
    }
  }
  return lines
}

function colourAfter(token, before) {
  return token
    .slice(2, -1)
    .split(';')
    .reduce((colour, code) => {
      if (code === '' || code === '0' || code === '39') return 'plain'
      if (code === '2') return 'dim'
      return code in COLOURS ? code : colour
    }, before)
}

/** Neighbouring cells of one colour, with the column where they begin; blanks at the ends take no text. */
function runsOf(cells) {
  const runs = []
  cells.forEach((cell, column) => {
    const last = runs.at(-1)
    if (last !== undefined && last.colour === cell.colour && last.column + last.text.length === column)
      last.text += cell.text
    else runs.push({ column, ...cell })
  })
  return runs
    .map(({ column, text, colour }) => ({
      column: column + text.length - text.trimStart().length,
      text: text.trim(),
      colour,
    }))
    .filter(({ text }) => text !== '')
}

const textOf = (cells) => cells.map(({ text }) => text).join('')
const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign])

/** Without the lines that script(1) writes around a recording, and without blank ones at both ends. */
function shown(lines, from) {
  const own = lines.filter((cells) => !/^Script (started|done) on /.test(textOf(cells)))
  const filled = own.map((cells) => textOf(cells).trim() !== '')
  const first =
    from === undefined ? filled.indexOf(true) : own.findIndex((cells) => textOf(cells).includes(from))
  if (first < 0) throw new Error('Nothing to render.')
  return own.slice(first, filled.lastIndexOf(true) + 1)
}

function svgOf(lines, title) {
  const width = COLUMNS * CELL.width + 2 * PADDING
  const height = lines.length * CELL.height + 2 * PADDING
  const texts = lines.flatMap((cells, row) =>
    runsOf(cells).map(({ column, text, colour }) => {
      const x = (PADDING + column * CELL.width).toFixed(1)
      const y = PADDING + row * CELL.height + 14
      const length = (text.length * CELL.width).toFixed(1)
      return `<text x="${x}" y="${y}" fill="${COLOURS[colour]}" textLength="${length}">${escaped(text)}</text>`
    }),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
<g font-family="${FONT}" font-size="14" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { prompt: { type: 'string' }, from: { type: 'string' } },
})
const [input, output] = positionals
if (input === undefined || output === undefined) {
  throw new Error(
    'Usage: node scripts/render-terminal.mjs RECORDING OUT.svg [--prompt COMMAND] [--from TEXT]',
  )
}
const recorded = shown(linesOf(readFileSync(input, 'utf8')), values.from)
const prompt = values.prompt === undefined ? [] : [...linesOf(`\u001b[2m$\u001b[0m ${values.prompt}\n`)]
const lines = [...prompt, ...recorded]
const tooLong = lines.find((cells) => cells.length > COLUMNS)
if (tooLong !== undefined) throw new Error(`Longer than ${COLUMNS} columns: ${textOf(tooLong)}`)
writeFileSync(output, svgOf(lines, `A terminal that ran ${values.prompt ?? input}`))
