import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { RecordKey } from '../incidents/seal.ts'
import { CordonError, messageOf } from '../kit/error.ts'

const FILE = 'record.key'
const jwkSchema = z.object({ x: z.string() })

/**
 * The Ed25519 key that signs the heads of this installation's record: made once, readable by this user alone, and used
 * for nothing else. Throws `app.RecordKeyUnreadable`.
 */
export async function recordKey(dataDir: string): Promise<RecordKey> {
  const file = join(dataDir, FILE)
  try {
    const key = createPrivateKey((await read(file)) ?? (await make(dataDir, file)))
    return keyOf(key)
  } catch (thrown) {
    throw new CordonError({
      code: 'app.RecordKeyUnreadable',
      message: 'Cordon cannot use the key that signs the heads of the record.',
      facts: { file, because: messageOf(thrown) },
      fix: `Restore ${FILE} from a backup, or move it away: Cordon makes a new one, and old signatures can still be checked.`,
      cause: thrown,
    })
  }
}

function keyOf(key: KeyObject): RecordKey {
  const { x } = jwkSchema.parse(key.export({ format: 'jwk' }))
  return {
    publicKey: Buffer.from(x, 'base64url').toString('hex'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('hex'),
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}

/** Written completely or not at all; if two processes begin at the same time, one is first. */
async function make(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, pem, { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, file)
    return pem
  } catch (thrown) {
    const first = await read(file)
    if (first === undefined) throw thrown
    return first
  } finally {
    await rm(draft, { force: true })
  }
}
