import { clopperPearson } from '../src/calibrate/statistics.ts'

/** `k/n = x % [low, high]`, in percent. */
export function rate(k: number, n: number): string {
  const interval = clopperPearson({ successes: k, n })
  const [low, high] = [interval.low, interval.high].map((share) => (share * 100).toFixed(3))
  return `${k}/${n} = ${n === 0 ? '–' : ((k / n) * 100).toFixed(3)} % [${low}, ${high}]`
}
