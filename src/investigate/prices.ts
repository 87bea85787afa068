import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseUnits } from 'viem'
import { z } from 'zod'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { ask } from '../contain/reading/call.ts'
import type { Price, Prices } from '../forensics/prices.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { inert } from '../kit/text.ts'
import type { Asset } from '../model/block.ts'
import { givenAddressSchema } from '../model/given-address.ts'
import type { Tokens } from '../model/token.ts'

/** Dollars as text: a float would round. */
const usdSchema = z.string().regex(/^\d{1,30}(\.\d{1,36})?$/)
const givenAssetSchema = z.union([z.literal('native'), givenAddressSchema])
const entrySchema = z.union([
  z.strictObject({ asset: givenAssetSchema, usd: usdSchema, source: z.string().max(200).optional() }),
  /** An aggregator with Chainlink’s interface that answers in dollars. */
  z.strictObject({ asset: givenAssetSchema, oracle: givenAddressSchema }),
])
export type GivenPrice = z.infer<typeof entrySchema> & { file: string }

/**
 * Confidence of a price from a person or an oracle: neither is a fact about the market, both are better than one pool.
 */
const GIVEN_CONFIDENCE = 0.95
const ORACLE_CONFIDENCE = 0.9

/**
 * Reads price files: JSON, a list of `{asset, usd}` or `{asset, oracle}`, dollars for one whole token. Throws
 * `app.InvalidPrices`.
 */
export async function readPrices(files: readonly string[]): Promise<GivenPrice[]> {
  const read = async (file: string): Promise<GivenPrice[]> => {
    try {
      const entries = z.array(entrySchema).parse(JSON.parse(await readFile(resolve(file), 'utf8')))
      return entries.map((entry) => ({ ...entry, file }))
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 300) : messageOf(cause)
      throw invalid(file, reason)
    }
  }
  return (await Promise.all(files.map(read))).flat()
}

function invalid(file: string, reason: string): CordonError {
  return new CordonError({
    code: 'app.InvalidPrices',
    message: 'A price file could not be read.',
    facts: { file, reason },
    fix: 'Give --prices a JSON list of {"asset": "0x…" or "native", "usd": "1234.5"} or {"asset": …, "oracle": "0x…"}; dollars for one whole token, as text.',
  })
}

export type PricesAt = { tokens: Tokens; rpc: Rpc | null; block: number }

/**
 * Given prices for one base unit; those of oracles as of the block before. An asset without known decimals has no
 * price.
 */
export async function pricesFrom(given: readonly GivenPrice[], at: PricesAt): Promise<Prices> {
  const prices = new Map<Asset, Price>()
  for (const entry of given) {
    const decimals = at.tokens.get(entry.asset)?.decimals ?? null
    if (prices.has(entry.asset) || decimals === null) continue
    const price = 'usd' in entry ? statedPrice(entry, decimals) : await oraclePrice(entry, decimals, at)
    if (price !== null) prices.set(entry.asset, price)
  }
  return prices
}

function statedPrice(
  entry: { usd: string; source?: string | undefined; file: string },
  decimals: number,
): Price {
  const source = inert(entry.source ?? `given in ${entry.file}`, 200)
  return { usdE36: perUnit(parseUnits(entry.usd, 36), decimals), source, confidence: GIVEN_CONFIDENCE }
}

async function oraclePrice(
  { oracle }: { oracle: `0x${string}` },
  decimals: number,
  { rpc, block }: PricesAt,
): Promise<Price | null> {
  if (rpc === null) return null
  const at = { rpc, block }
  const round = await ask(at, {
    to: oracle,
    view: 'latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)',
  })
  const places = await ask(at, { to: oracle, view: 'decimals() view returns (uint8)' })
  const answer = z.bigint().positive().safeParse(round?.[1])
  const known = z.number().max(36).safeParse(places?.[0])
  if (!answer.success || !known.success) return null
  const usdE36 = perUnit(answer.data * 10n ** BigInt(36 - known.data), decimals)
  return { usdE36, source: `oracle ${oracle} at block ${block}`, confidence: ORACLE_CONFIDENCE }
}

/** From dollars times 10^36 for a whole token to the same for a base unit. */
function perUnit(wholeE36: bigint, decimals: number): bigint {
  return wholeE36 / 10n ** BigInt(decimals)
}
