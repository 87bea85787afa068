import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { discoverLevers } from '../../contain/planning/discover.ts'
import { type At, type Call, goesThrough } from '../../contain/reading/call.ts'
import { callOf } from '../../contain/routes/route.ts'
import { ownerSignature, readSafe, type Safe, safeTxHash, safeTypedData } from '../../contain/routes/safe.ts'
import type { TypedData } from '../../contain/signers/signer.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import type { Config } from '../../model/config.ts'
import { givenAddressSchema } from '../../model/given-address.ts'
import { type Address, type Hash, hexSchema } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { safeCallSchema } from '../../model/safe.ts'
import { openDatabase } from '../../store/database.ts'
import { insertSafeSignature } from '../../store/safe-signatures.ts'
import { openChains } from '../chains.ts'

/** The file that owners sign: in the form that wallets accept, with room for their signatures. */
export type PresignRequest = Call & {
  chainId: number
  safe: Address
  nonce: number
  threshold: number
  lever: string
  safeTxHash: Hash
  typedData: TypedData
  signatures: string[]
}

export type PresignOptions = { config: Config; target: Address; safe: Address; nonce: number | null }

/**
 * The messages that a Safe's owners sign so that the Safe can pull each lever of a contract that it may pull, under its
 * current nonce or a later one. Throws `app.NotASafe` and the errors of the chain room.
 */
export async function presignRequests(options: PresignOptions): Promise<PresignRequest[]> {
  const { config, target, safe: address } = options
  return onFirstChain(config, async (rpc, chainId) => {
    const block = await getBlockNumber(rpc)
    const safe = await safeOr({ rpc, block }, { chainId, address })
    const levers = await leversOf({ rpc, block }, { chainId, target, caller: address })
    return levers.map((lever) => requestOf(safe, lever, options.nonce ?? safe.nonce))
  })
}

function requestOf(safe: Safe, lever: Lever, nonce: number): PresignRequest {
  const call = callOf({ lever })
  return {
    chainId: safe.chainId,
    safe: safe.address,
    nonce,
    threshold: safe.threshold,
    lever: lever.signature,
    ...call,
    safeTxHash: safeTxHash(safe, call, nonce),
    typedData: safeTypedData(safe, call, nonce),
    signatures: [],
  }
}

/** The levers of a contract that an account may pull now. */
export async function leversOf(
  at: At & { block: number },
  { chainId, target, caller }: { chainId: number; target: Address; caller: Address },
): Promise<Lever[]> {
  const levers = await discoverLevers({ ...at, chainId, target })
  const may = await Promise.all(
    levers.map((lever) => goesThrough(at, { ...callOf({ lever }), from: caller })),
  )
  return levers.filter((_, i) => may[i])
}

const fileSchema = z.object({
  presigned: z
    .array(
      safeCallSchema.extend({
        chainId: z.number().int().positive(),
        safe: givenAddressSchema,
        nonce: z.number().int().min(0),
        signatures: z.array(hexSchema).max(100),
      }),
    )
    .max(1_000),
})

export type PresignImport = { config: Config; file: string; env: Env; logger: Logger }
export type ImportedSignature = {
  safe: Address
  nonce: number
  safeTxHash: Hash
  owner: Address | null
  /** The reason why it is not stored; null if it is. */
  problem: string | null
}

/**
 * Imports signatures of owners: each must be an owner's signature over exactly this call of exactly this Safe, with an
 * unused nonce; the rest is refused, each with its reason. Throws `app.InvalidPresigned`.
 */
export async function importPresigned({
  config,
  file,
  env,
  logger,
}: PresignImport): Promise<ImportedSignature[]> {
  const requests = await requestsIn(file)
  const database = await openDatabase({ dataDir: config.dataDir, env, logger })
  try {
    return await onFirstChain(config, async (rpc, chainId) => {
      const results: ImportedSignature[] = []
      for (const { signatures, ...request } of requests) {
        const safe = await safeOr(
          { rpc, block: 'latest' },
          { chainId: request.chainId, address: request.safe },
        )
        const hash = safeTxHash(safe, request, request.nonce)
        for (const signature of signatures) {
          const checked = await ownerSignature(hash, signature, safe.owners)
          const problem =
            request.chainId === chainId
              ? problemOf(checked?.owner, { safe, nonce: request.nonce })
              : `it is for chain ${request.chainId}`
          const { nonce } = request
          results.push({
            safe: safe.address,
            nonce,
            safeTxHash: hash,
            owner: checked?.owner ?? null,
            problem,
          })
          if (problem !== null || checked === undefined) continue
          const given = { ...request, ...checked, safeTxHash: hash, planId: null }
          await insertSafeSignature(database.store, { ...given, givenAt: systemClock.now() })
        }
      }
      return results
    })
  } finally {
    await database.close()
  }
}

function problemOf(
  owner: Address | undefined,
  { safe, nonce }: { safe: Safe; nonce: number },
): string | null {
  if (owner === undefined) return 'it is not an owner’s signature over this call, Safe and nonce'
  if (nonce < safe.nonce) return `the Safe’s nonce is already ${safe.nonce}`
  return null
}

async function requestsIn(file: string): Promise<z.infer<typeof fileSchema>['presigned']> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).presigned
  } catch (thrown) {
    throw new CordonError({
      code: 'app.InvalidPresigned',
      message: `${file} does not contain signed requests: ${messageOf(thrown)}`,
      facts: { file },
      fix: 'Give the file that `cordon levers presign ADDR --safe SAFE -o FILE` wrote, with signatures in signatures[].',
    })
  }
}

async function safeOr(at: At, of: { chainId: number; address: Address }): Promise<Safe> {
  const safe = await readSafe(at, of)
  if (safe !== null) return safe
  throw new CordonError({
    code: 'app.NotASafe',
    message: `${of.address} is not a Safe that Cordon knows.`,
    facts: { address: of.address, chainId: of.chainId },
    fix: 'Check the address and the chain; Cordon knows Safes of version 1.0 and later.',
  })
}

export async function onFirstChain<T>(
  config: Config,
  act: (rpc: Rpc, chainId: number) => Promise<T>,
): Promise<T> {
  const chains = [...(await openChains(config, systemClock)).values()]
  try {
    const [chain] = chains
    if (chain === undefined)
      throw new CordonError({
        code: 'app.ConfigMissing',
        message: 'No chain was given.',
        fix: 'Give --rpc URL, or write a cordon.config.ts.',
      })
    return await act(chain.rpc, chain.chainId)
  } finally {
    await Promise.all(chains.map(({ rpc }) => rpc.close()))
  }
}
