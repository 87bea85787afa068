import { createPublicKey, verify } from 'node:crypto'
import type { Clock } from '../kit/clock.ts'
import { canonicalJson, sha256 } from '../kit/json.ts'
import { GENESIS_HASH } from '../model/evidence.ts'
import type { IncidentEnd, Seal } from '../model/seal.ts'
import { insertSeal, lastSeal, takeSealing, unsealedEnds } from '../store/seals.ts'
import { type Store, transaction } from '../store/store.ts'

/** The key of an installation, for the record alone. */
export type RecordKey = {
  /** Raw Ed25519 public key, 64 hex digits. */
  publicKey: string
  /** 128 hex digits. */
  sign(text: string): string
}

type Sealing = { store: Store; clock: Clock; key: RecordKey }

/**
 * Seals the additions since the last seal, and returns the newest seal: its hash covers the whole record up to then.
 * Where another process is sealing, the newest existing one; undefined where the record is empty.
 */
export async function sealRecord({ store, clock, key }: Sealing): Promise<Seal | undefined> {
  return transaction(store, async (tx) => {
    if (!(await takeSealing(tx))) return lastSeal(tx)
    const [newest, incidents] = [await lastSeal(tx), await unsealedEnds(tx)]
    if (incidents.length === 0) return newest
    const seal = makeSeal({ newest, incidents, sealedAt: clock.now() }, key)
    await insertSeal(tx, seal)
    return seal
  })
}

type Next = { newest: Pick<Seal, 'number' | 'hash'> | undefined; incidents: IncidentEnd[]; sealedAt: number }

/** The seal that follows the newest. */
export function makeSeal({ newest, incidents, sealedAt }: Next, key: RecordKey): Seal {
  const link = {
    number: (newest?.number ?? 0) + 1,
    sealedAt,
    incidents,
    previous: newest?.hash ?? GENESIS_HASH,
    publicKey: key.publicKey,
  }
  const hash = sealHash(link)
  return { ...link, hash, signature: key.sign(signedText(hash)) }
}

export function sealHash(seal: Omit<Seal, 'hash' | 'signature'>): string {
  const { number, sealedAt, incidents, previous, publicKey } = seal
  return sha256(canonicalJson({ number, sealedAt, incidents, previous, publicKey }))
}

/** The signed text: the hash, and its purpose. */
export function signedText(hash: string): string {
  return `cordon-record:${hash}`
}

/** Whether a seal is signed by the key that it names. */
export function isSigned({ hash, publicKey, signature }: Seal): boolean {
  try {
    const x = Buffer.from(publicKey, 'hex').toString('base64url')
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
    return verify(null, Buffer.from(signedText(hash)), key, Buffer.from(signature, 'hex'))
  } catch {
    return false
  }
}
