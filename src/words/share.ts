/** `16.9 %` of a whole; empty where there is no whole. */
export function shareText(part: bigint, whole: bigint): string {
  if (whole <= 0n) return ''
  const tenths = Number((part * 1_000n) / whole)
  if (tenths === 0 && part > 0n) return '< 0.1 %'
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} %`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `2 min ago`; both times in milliseconds since the epoch. */
export function agoText(then: number, now: number): string {
  const passed = Math.max(0, now - then)
  const [name, size] = UNITS.find(([, length]) => passed >= length) ?? ['s', 1_000]
  return `${Math.floor(passed / size)} ${name} ago`
}

/** An elapsed time in readable form: `1.0 s`, `2 min 5 s`, `3 h 10 min`; milliseconds. */
export function elapsedText(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** `1 transaction`, `2 transactions`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : more}`
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
