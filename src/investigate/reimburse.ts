import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { getLogs } from '../chain/methods/get-logs.ts'
import { createRpc, type Rpc } from '../chain/rpc/rpc.ts'
import { tokenBalance } from '../chain/rpc/token-balance.ts'
import {
  type AccountLoss,
  accountLossSchema,
  type Claims,
  claimsOf,
  claimsSchema,
  flawIn,
  shareOut,
} from '../forensics/claims.ts'
import { parseCsv } from '../kit/csv.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { givenAddressSchema } from '../model/given-address.ts'
import { type Address, addressFromWord, hexSchema, ZERO_ADDRESS } from '../model/hex.ts'

/** Transfer(address,address,uint256) */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** Blocks per request: public nodes accept this. */
const WINDOW = 2_000

const logSchema = z.object({ topics: z.array(hexSchema), data: hexSchema })

type HoldersOptions = {
  rpcUrl: string
  token: Address
  /** At the end of this block. */
  block: number
  /** The earliest possible block of the token’s first transfer; 0 by default. */
  fromBlock: number
  /** Pools, the attacker, the contract itself: they claim nothing. */
  except: ReadonlySet<Address>
}

/**
 * The holders of a share token at a block, from its own transfers, checked against `balanceOf` for every holder. Throws
 * `app.HoldersDisagree` if the token reports otherwise (it rebases, or transfers without logging).
 */
async function holdersAt({
  rpcUrl,
  token,
  block,
  fromBlock,
  except,
}: HoldersOptions): Promise<Map<Address, bigint>> {
  const rpc = createRpc({ urls: [rpcUrl] })
  try {
    const balances = new Map<Address, bigint>()
    for (let from = fromBlock; from <= block; from += WINDOW) {
      const to = Math.min(block, from + WINDOW - 1)
      const filter = { address: token, topics: [TRANSFER], fromBlock: from, toBlock: to } as const
      for (const log of await getLogs(rpc, logSchema, filter)) book(balances, log)
    }
    balances.delete(ZERO_ADDRESS)
    const holders = new Map([...balances].filter(([account, shares]) => shares > 0n && !except.has(account)))
    await check(rpc, { token, block, holders })
    return holders
  } finally {
    await rpc.close()
  }
}

function book(balances: Map<Address, bigint>, { topics, data }: z.infer<typeof logSchema>): void {
  const [, from, to] = topics.map((topic) => addressFromWord(topic.slice(2)))
  if (from === undefined || to === undefined || data.length < 66) return
  const amount = BigInt(data.slice(0, 66))
  balances.set(from, (balances.get(from) ?? 0n) - amount)
  balances.set(to, (balances.get(to) ?? 0n) + amount)
}

async function check(
  rpc: Rpc,
  { token, block, holders }: { token: Address; block: number; holders: ReadonlyMap<Address, bigint> },
): Promise<void> {
  for (const [account, shares] of holders) {
    const balance = (await tokenBalance(rpc, { token, account, block })) ?? 0n
    if (balance !== shares) throw disagree({ token, account, shares, balance })
  }
}

/** Losses from a file: a JSON list, or lines of `account,asset,amount`. Throws `app.LossesUnreadable`. */
export async function readLosses(file: string): Promise<AccountLoss[]> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    if (text.startsWith('[')) return z.array(accountLossSchema).parse(JSON.parse(text))
    return parseCsv(text)
      .filter(({ fields: [first] }, i) => i > 0 || first?.toLowerCase() !== 'account')
      .map(({ fields: [account, asset, amount] }) => accountLossSchema.parse({ account, asset, amount }))
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** Throws `app.LossesUnreadable`. */
async function readClaims(file: string): Promise<Claims> {
  try {
    return claimsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

export async function writeClaims(file: string, claims: Claims): Promise<void> {
  await writeFile(file, `${toJson(claims, 2)}\n`)
}

/** `native` or an address. */
export function assetNamed(text: string): AccountLoss['asset'] {
  return text === 'native' ? 'native' : givenAddressSchema.parse(text)
}

function unreadable(file: string, cause: unknown): CordonError {
  const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 300) : messageOf(cause)
  return new CordonError({
    code: 'app.LossesUnreadable',
    message: 'This file of losses or claims cannot be used.',
    facts: { file, reason },
    fix: 'Give a JSON list of { account, asset, amount } or lines of account,asset,amount in base units; asset is an address or native.',
    cause,
  })
}

type Disagreement = { token: Address; account: Address; shares: bigint; balance: bigint }

function disagree({ token, account, shares, balance }: Disagreement): CordonError {
  return new CordonError({
    code: 'app.HoldersDisagree',
    message: 'The token’s transfers and balances do not agree: it rebases, or moves balances without a log.',
    facts: { token, account, fromTransfers: shares.toString(), balanceOf: balance.toString() },
    fix: 'Give --from-block before the token’s first transfer. If it is already, make the list of losses by hand and use `cordon reimburse tree`.',
  })
}

/** The tree of claims of a list of losses. Throws `forensics.NoClaims`, `forensics.InvalidLoss`. */
export function makeClaims(losses: readonly AccountLoss[]): Claims {
  return claimsOf(losses)
}

/** The flaw in a file of claims, or null. Throws `app.LossesUnreadable`. */
export async function verifyClaims(file: string): Promise<string | null> {
  return flawIn(await readClaims(file))
}

export type SharedLoss = HoldersOptions & { asset: AccountLoss['asset']; amount: bigint }

/** A loss shared among the holders of a token at a block, in proportion. Throws the errors of {@link holdersAt}. */
export async function sharedLosses({ asset, amount, ...options }: SharedLoss): Promise<AccountLoss[]> {
  return shareOut({ holders: await holdersAt(options), asset, amount })
}
