const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1h30m`, `45s`, `250ms`, `2d` as milliseconds; undefined where it is not a duration. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d{1,6}(ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(/(\d+)(ms|[smhd])/g))
    total += Number(amount) * (UNITS[unit] ?? 0)
  return total
}

/** Milliseconds in readable form: `1h30m`. */
export function durationText(ms: number): string {
  const parts: string[] = []
  let left = Math.max(0, Math.round(ms))
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1
    if (left >= size) parts.push(`${Math.floor(left / size)}${unit}`)
    left %= size
  }
  return parts.slice(0, 2).join('') || '0s'
}
