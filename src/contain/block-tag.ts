/** A quantity as JSON-RPC writes it. */
export function toHex(value: number | bigint): `0x${string}` {
  return `0x${value.toString(16)}`
}
