import { assert } from '../kit/assert.ts'

/*
 * Own code (40 lines) instead of a package: every name is Cordon's, short and plain ASCII, and every field must be
 * fixed for the same files to give the same bytes. `tar-stream` (4 dependencies) streams, which nothing here needs;
 * `nanotar` writes today’s date unless another one is given for each file.
 */

const BLOCK = 512
/** An allowed name in an archive: it never leaves the folder. */
const SAFE = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/

export type TarFile = { path: string; bytes: Uint8Array }

/** Files as one archive (POSIX ustar), in the given order; `at` in milliseconds is the time of all of them. */
export function tar(files: readonly TarFile[], at: number): Uint8Array {
  const parts = files.flatMap(({ path, bytes }) => [
    header(path, { size: bytes.length, seconds: Math.floor(at / 1_000) }),
    bytes,
    new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ])
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)])
}

function header(path: string, { size, seconds }: { size: number; seconds: number }): Uint8Array {
  assert(
    SAFE.test(path) && path.length <= 100,
    'a name in an archive is short, plain and stays in its folder',
  )
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`
  block.write(path, 0)
  block.write(octal(0o644, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(Math.max(0, seconds), 12), 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\0', 257, 'latin1')
  block.write('00', 263)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** An arbitrary text as part of a file name. */
export function fileName(text: string, max = 60): string {
  const plain = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9]+/, '')
  return plain.slice(0, max) || 'unnamed'
}
