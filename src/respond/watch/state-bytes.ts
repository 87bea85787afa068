import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { gunzip, gzip } from 'node:zlib'

const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** Maximum size of an unpacked state, bytes: bytes that would grow beyond it do not come from this program. */
const MOST_BYTES = 1024 ** 3

/**
 * Plain data, Maps, Sets and bigints included, as bytes. V8's own format: a newer Node reads what an older one wrote,
 * an older one refuses what it does not know.
 */
export function bytesOf(value: unknown): Uint8Array {
  return serialize(value)
}

/** Gzip at its fastest, off the main thread. */
export async function packBytes(bytes: Uint8Array): Promise<Uint8Array> {
  return zip(bytes, { level: 1 })
}

/** The unpacked value. Throws if the bytes are broken, too many, or from a newer Node. */
export async function unpackState(packed: Uint8Array): Promise<unknown> {
  return deserialize(await unzip(packed, { maxOutputLength: MOST_BYTES }))
}
