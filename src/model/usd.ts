/** Dollars with two decimals, as text: money is never a float. `1234.50` → 123450 cents. */
export function centsOf(usd: string): bigint {
  return BigInt(usd.replace('.', ''))
}

/** Cents as dollars with two decimals. */
export function usdText(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0')
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
