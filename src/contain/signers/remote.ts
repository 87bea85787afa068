import { http } from 'viem'
import { z } from 'zod'
import { signTypedData, signTypedDataV4 } from '../../chain/methods/sign-typed-data.ts'
import { CordonError } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { redact } from '../../kit/redact.ts'
import { envNameSchema } from '../../model/env-name.ts'
import { givenAddressSchema } from '../../model/given-address.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { hexSchema } from '../../model/hex.ts'
import type { Signer, TypedData, UnsignedTransaction } from './signer.ts'
import { assertSigned, signerLied, signerOf, typedDataHash, walletMessage } from './signer.ts'
import { signerKind } from './signer-kind.ts'

/** JSON-RPC: `eth` as in Web3Signer and nodes, `account` as in Clef. */
export const remoteKind = signerKind({
  kind: 'remote',
  options: z.strictObject({
    url: z.string().regex(/^https?:\/\/\S+$/, 'expected an http(s) URL'),
    address: givenAddressSchema,
    /** Variable with a bearer token. */
    tokenEnv: envNameSchema.optional(),
    api: z.enum(['eth', 'account']).default('eth'),
  }),
  open: async ({ url, address, api, tokenEnv }, { secret }) =>
    tokenEnv === undefined
      ? remoteSigner({ url, address, api })
      : remoteSigner({ url, address, api, token: secret(tokenEnv, 'tokenEnv') }),
  from: ({ address }) => address,
})

export type RemoteSignerOptions = {
  url: string
  address: Address
  /** Sent as a bearer token. */
  token?: string
  /** `eth`: Web3Signer, and a node in front of Clef. `account`: Clef itself. */
  api?: 'eth' | 'account'
  /** People may have to confirm there. */
  timeoutMs?: number
}

/** Web3Signer answers with the bytes, geth and Clef with an object around them. */
const rawSchema = z.union([hexSchema, z.object({ raw: hexSchema }).transform(({ raw }) => raw)])

/**
 * A signer behind JSON-RPC: the key is in another process, which returns raw transactions. The result is decoded and
 * must be exactly what was requested, by this address. Throws `contain.SignerFailed` (retryable), `contain.SignerLied`.
 */
export function remoteSigner(options: RemoteSignerOptions): Signer {
  const { address, api = 'eth' } = options
  const ask = asking(options)
  return {
    address,
    async signTransaction(transaction) {
      const answer = await ask(`${api}_signTransaction`, [wireTransaction(transaction, address)])
      const raw = parsed(rawSchema, answer, { address, method: `${api}_signTransaction` })
      await assertSigned(raw, transaction, address)
      return raw
    },
    async signTypedData(typedData) {
      const signature = parsed(hexSchema, await askTypedData(ask, typedData, { address, api }), {
        address,
        method: `${api}_signTypedData`,
      })
      if ((await signerOf(typedDataHash(typedData), signature)) !== address)
        throw signerLied(address, 'the signature of a message is not its own')
      return signature
    },
  }
}

type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>

function asking({ url, token, timeoutMs = 30_000, address }: RemoteSignerOptions): Ask {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const { request } = http(url, { retryCount: 0, timeout: timeoutMs, fetchOptions: { headers } })({})
  return async (method, params) => {
    try {
      return await request({ method, params: [...params] })
    } catch (thrown) {
      // The library's error contains URL and request: only the signer's own message is passed on, without a cause.
      throw signerFailed({ url, method, address, ...reasonOf(thrown) })
    }
  }
}

/** Web3Signer has the method without `_v4`; Clef accepts the message itself, the others accept it as text. */
async function askTypedData(
  ask: Ask,
  typedData: TypedData,
  { address, api }: { address: Address; api: 'eth' | 'account' },
): Promise<unknown> {
  const text = toJson(walletMessage(typedData))
  if (api === 'account') return ask('account_signTypedData', [address, JSON.parse(text)])
  try {
    return await signTypedDataV4({ request: ask }, address, text)
  } catch (thrown) {
    const hasNoMethod = thrown instanceof CordonError && thrown.facts['rpcCode'] === NO_METHOD
    if (!hasNoMethod) throw thrown
    return signTypedData({ request: ask }, address, text)
  }
}

const NO_METHOD = -32_601

function wireTransaction(transaction: UnsignedTransaction, from: Address): Record<string, string> {
  const { to, data, ...numbers } = transaction
  const hexed = Object.entries(numbers).map(([name, value]) => [name, `0x${value.toString(16)}`])
  return { from, to, data, ...Object.fromEntries(hexed) }
}

function parsed(schema: z.ZodType<Hex>, answer: unknown, at: { address: Address; method: string }): Hex {
  const result = schema.safeParse(answer)
  if (result.success) return result.data
  throw signerLied(at.address, `its answer to ${at.method} is not hex`)
}

function reasonOf(thrown: unknown): { reason: string; rpcCode: number | null } {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code, details } = error as { code?: unknown; details?: unknown }
    if (typeof code === 'number')
      return { reason: redact(String(details ?? 'refused').slice(0, 200)), rpcCode: code }
  }
  return { reason: 'no answer', rpcCode: null }
}

type Failure = { url: string; method: string; address: Address; reason: string; rpcCode: number | null }

function signerFailed({ url, method, address, reason, rpcCode }: Failure): CordonError {
  return new CordonError({
    code: 'contain.SignerFailed',
    message: `The signer of ${address} did not sign: ${reason}.`,
    facts: { address, signer: redact(url), method, rpcCode },
    fix: 'Check that the signer is up, has this account unlocked, and lets Cordon ask (`cordon signers check`).',
    retryable: true,
  })
}
