import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { numberToHex } from 'viem'
import { sign } from 'viem/accounts'
import type { Kms } from '../../src/contain/signers/kms.ts'
import { keySigner, type UnsignedTransaction } from '../../src/contain/signers/signer.ts'
import type { Hex } from '../../src/model/hex.ts'

/** A pause in the form in which Cordon has it signed. */
export const aTransaction: UnsignedTransaction = {
  chainId: 31_337,
  nonce: 7,
  to: `0x${'c0'.repeat(20)}`,
  data: '0x8456cb59',
  value: 0n,
  gas: 100_000n,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 2_000_000_000n,
}

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** A cloud's key service on a fresh secp256k1 key of Node's: signs in DER, with a high s every time. */
export function fakeKms(
  curve: 'secp256k1' | 'prime256v1' = 'secp256k1',
): Kms & { privateKey: Hex; pem: string } {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: curve })
  const publicKey = createPublicKey(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }).toString()))
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  const privateKey: Hex = `0x${secret.toString('hex').padStart(64, '0')}`
  return {
    privateKey,
    pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    publicKey: async () => publicKey.export({ format: 'der', type: 'spki' }),
    async sign(digest) {
      const { r, s } = await sign({ hash: `0x${Buffer.from(digest).toString('hex')}`, privateKey })
      return der(BigInt(r), ORDER - BigInt(s))
    },
  }
}

/** The second valid signature that anybody can derive from one, over the same message: s → order − s, v flipped. */
export function malleated(signature: Hex): Hex {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.slice(130) === '1b' ? '1c' : '1b'
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, '0')}${v}`
}

/** SEQUENCE { INTEGER r, INTEGER s } */
export function der(r: bigint, s: bigint): Uint8Array {
  const integer = (value: bigint): Buffer => {
    const bytes = Buffer.from(evenHex(value), 'hex')
    const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes
    return Buffer.concat([Buffer.from([2, positive.length]), positive])
  }
  const body = Buffer.concat([integer(r), integer(s)])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

function evenHex(value: bigint): string {
  const digits = numberToHex(value).slice(2)
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

export type RemoteRequest = { method: string; params: unknown[]; authorization: string | undefined }
export type FakeRemote = { url: string; requests: RemoteRequest[]; stop(): Promise<void> }

/** A JSON-RPC signer on a free port: `answer` returns the result, or throws a code. */
export async function fakeRemote(answer: (request: RemoteRequest) => unknown): Promise<FakeRemote> {
  const requests: RemoteRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const { id, method, params } = JSON.parse(await bodyOf(incoming))
    const request = { method, params, authorization: incoming.headers.authorization }
    requests.push(request)
    const reply = await Promise.resolve()
      .then(() => answer(request))
      .then(
        (result) => ({ result }),
        (error: { code: number; message: string }) => ({
          error: { code: error.code, message: error.message },
        }),
      )
    outgoing.setHeader('content-type', 'application/json')
    outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...reply }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/signer-secret-path`,
    requests,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = ''
  for await (const part of incoming) body += String(part)
  return body
}

/** The behaviour of Web3Signer for `eth_signTransaction`: hex in, raw bytes out. */
export function signAsAsked(
  privateKey: Hex,
  params: unknown[],
  change: Partial<UnsignedTransaction> = {},
): Promise<Hex> {
  const asked = params[0] as Record<string, Hex>
  return keySigner(privateKey).signTransaction({
    chainId: Number(asked['chainId']),
    nonce: Number(asked['nonce']),
    to: asked['to'] ?? '0x',
    data: asked['data'] ?? '0x',
    value: BigInt(asked['value'] ?? 0),
    gas: BigInt(asked['gas'] ?? 0),
    maxFeePerGas: BigInt(asked['maxFeePerGas'] ?? 0),
    maxPriorityFeePerGas: BigInt(asked['maxPriorityFeePerGas'] ?? 0),
    ...change,
  })
}
