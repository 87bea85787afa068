import { toEventSelector } from 'viem'
import { z } from 'zod'
import { type Asset, NATIVE } from '../../model/block.ts'
import {
  type Address,
  addressFromWord,
  addressSchema,
  hexSchema,
  wordAt,
  ZERO_ADDRESS,
} from '../../model/hex.ts'

/** An asset that moved from one account to another, base units; 1 for an NFT. The zero address mints and burns. */
export type Movement = { asset: Asset; from: Address; to: Address; amount: bigint }

/** The address under which `eth_simulateV1` with `traceTransfers` logs the coin that calls move (execution-apis). */
const COIN: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
const TRANSFER = toEventSelector('Transfer(address,address,uint256)')
const TRANSFER_SINGLE = toEventSelector('TransferSingle(address,address,address,uint256,uint256)')
/** WETH9 mints and burns without a Transfer. */
const DEPOSIT = toEventSelector('Deposit(address,uint256)')
const WITHDRAWAL = toEventSelector('Withdrawal(address,uint256)')

const logsSchema = z.array(z.object({ address: addressSchema, topics: z.array(hexSchema), data: hexSchema }))
type Log = z.infer<typeof logsSchema>[number]

/** The movements in the logs of a simulated call or of a receipt. Other logs are ignored. */
export function movementsIn(logs: unknown): Movement[] {
  const parsed = logsSchema.safeParse(logs)
  return parsed.success ? parsed.data.flatMap(movementOf) : []
}

function movementOf(log: Log): Movement[] {
  const [kind, ...topics] = log.topics
  const asset = log.address === COIN ? NATIVE : log.address
  const words = [...topics.map((topic) => topic.slice(2)), ...wordsOf(log)]
  switch (kind) {
    case TRANSFER:
      return moved(asset, { from: words[0], to: words[1], amount: topics.length === 3 ? ONE : words[2] })
    case TRANSFER_SINGLE:
      return moved(asset, { from: words[1], to: words[2], amount: words[4] })
    case DEPOSIT:
      return moved(asset, { from: ZERO_ADDRESS.slice(2).padStart(64, '0'), to: words[0], amount: words[1] })
    case WITHDRAWAL:
      return moved(asset, { from: words[0], to: ZERO_ADDRESS.slice(2).padStart(64, '0'), amount: words[1] })
    default:
      return []
  }
}

const ONE = '1'.padStart(64, '0')
/** Maximum words of data in an event of these kinds. */
const MOST_WORDS = 5

function wordsOf({ data }: Log): string[] {
  return Array.from({ length: MOST_WORDS }, (_, n) => wordAt(data, n) ?? []).flat()
}

type Words = Record<'from' | 'to' | 'amount', string | undefined>

function moved(asset: Asset, words: Words): Movement[] {
  const from = words.from === undefined ? undefined : addressFromWord(words.from)
  const to = words.to === undefined ? undefined : addressFromWord(words.to)
  if (from === undefined || to === undefined || words.amount === undefined) return []
  return [{ asset, from, to, amount: BigInt(`0x${words.amount}`) }]
}
