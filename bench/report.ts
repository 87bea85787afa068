/** Milliseconds of each call of `act`, sorted; `after` runs between calls and is not counted. */
export function time(act: () => void, runs: number, after?: () => void): number[] {
  const took: number[] = []
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    act()
    took.push(performance.now() - start)
    after?.()
  }
  return took.sort((a, b) => a - b)
}

/** The value below which `share` of the sorted numbers lie. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export type Row = { what: string; [figure: string]: string | number }

/** A table for people, or one JSON line with `--json`. */
export function report(name: string, rows: readonly Row[]): void {
  const text = process.argv.includes('--json')
    ? JSON.stringify({ name, node: process.version, rows })
    : table(name, rows)
  process.stdout.write(`${text}\n`)
}

function table(name: string, rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value: string | number | undefined): string =>
    typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 2 }) : (value ?? '')
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => String(line[i]).length)))
  const drawn = lines.map((line) =>
    line
      .map((text, i) =>
        i === 0 ? String(text).padEnd(widths[i] ?? 0) : String(text).padStart(widths[i] ?? 0),
      )
      .join('  '),
  )
  return [name, ...drawn].join('\n')
}
